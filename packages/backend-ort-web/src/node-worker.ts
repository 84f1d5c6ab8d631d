import { parentPort } from "node:worker_threads";
import { serveOrt } from "@relpos/onnx/driver";
import * as ort from "onnxruntime-web";
import { start } from "./start.js";
import type { WorkerOptions } from "./worker-options.js";

const answer = serveOrt<WorkerOptions>(
  (options) => start(ort, options),
  (reply, memory) => parentPort?.postMessage(reply, memory),
);
parentPort?.on("message", (request) => void answer(request));
