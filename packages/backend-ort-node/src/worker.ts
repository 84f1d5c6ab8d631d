// The thread in which ONNX Runtime lives: its run() blocks, and the main thread must stay free.
import { parentPort } from "node:worker_threads";
import { createOrtDriver, type OrtRuntime, type Started, serveOrt, sessionOptions } from "@relpos/onnx/driver";
import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { exclusively } from "./exclusively.js";
import type { WorkerOptions } from "./worker-options.js";

// What goes wrong comes back as an error; ONNX Runtime would write it to the terminal as well.
env.logLevel = "fatal";

const runtime = { InferenceSession, Tensor } as unknown as OrtRuntime;

async function start({ device, threads, copyModels, lock }: WorkerOptions): Promise<Started> {
  const options = {
    ...sessionOptions,
    executionProviders: [device],
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  };
  const service = createOrtDriver(runtime, options, {
    copyModels,
    ...(lock && { exclusively: (work) => exclusively(lock, work) }),
  });
  const version = env.versions.node ?? env.versions.common;
  return { service, details: { "onnxruntime-node": version, threads: threads ?? "automatic" } };
}

const answer = serveOrt(start, (reply, memory) => parentPort?.postMessage(reply, memory));

parentPort?.on("message", async (request) => {
  await answer(request);
  // Ends from within: a thread that is terminated while ONNX Runtime works takes the process with it.
  if (request.method === "close") parentPort?.close();
});
