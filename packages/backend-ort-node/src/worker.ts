// The thread in which ONNX Runtime lives: its run() blocks, and the main thread must stay free.
import { parentPort, workerData } from "node:worker_threads";
import type { BackendDetails } from "@relpos/core/backend";
import { createOrtDriver, type OrtRuntime } from "@relpos/onnx/driver";
import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { type Reply, type Request, readyId, type WorkerOptions } from "./protocol.js";

const { device, threads } = workerData as WorkerOptions;

// What goes wrong comes back as an error; ONNX Runtime would write it to the terminal as well.
env.logLevel = "fatal";

const options = {
  executionProviders: [device],
  graphOptimizationLevel: "all",
  // Patterns make a training step no faster, and its process a third larger.
  enableMemPattern: false,
  logSeverityLevel: 4,
  // Threads that wait in vain for a session's next run would slow every other one down.
  // Scales are part of our products already, and ONNX Runtime's own pass breaks graphs that scale one operand twice.
  // Constants are folded before, up to a size; without a limit the biases of a long sequence would all be held at once.
  extra: {
    session: { force_spinning_stop: "1" },
    optimization: { disable_specified_optimizers: "MatMulScaleFusion;ConstantFolding" },
  },
  ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
};

const runtime = { InferenceSession, Tensor } as unknown as OrtRuntime;
const service = createOrtDriver(runtime, options);

/** Memory that a reply gives away instead of copying. */
function memoryOf(value: unknown): ArrayBuffer[] {
  const data = (value as { data?: ArrayBufferView } | undefined)?.data;
  return data ? [data.buffer as ArrayBuffer] : [];
}

function reply(message: Reply): void {
  parentPort?.postMessage(message, "value" in message ? memoryOf(message.value) : []);
}

async function answer(id: number, work: () => Promise<unknown>): Promise<void> {
  try {
    reply({ id, value: await work() });
  } catch (error) {
    reply({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

parentPort?.on("message", ({ id, method, argument }: Request) => {
  const answered = answer(id, () => (service[method] as (argument: unknown) => Promise<unknown>)(argument));
  // Ends from within: a thread that is terminated while ONNX Runtime works takes the process with it.
  if (method === "close") void answered.then(() => parentPort?.close());
});

const details: BackendDetails = {
  "onnxruntime-node": env.versions.node ?? env.versions.common,
  threads: threads ?? "automatic",
};
void answer(readyId, async () => details);
