import { serveOrt } from "@relpos/onnx/driver";
import type * as ort from "onnxruntime-web";
import { start } from "./start.js";
import type { WorkerOptions } from "./worker-options.js";

/** Serves a build of ONNX Runtime from this web worker. */
export function serve(runtime: typeof ort): void {
  // ONNX Runtime starts its threads from the file that it is bundled into; in those it serves itself.
  if (self.name.startsWith("em-pthread")) return;
  const answer = serveOrt<WorkerOptions>(
    (options) => start(runtime, options),
    (reply, transfer) => self.postMessage(reply, { transfer }),
  );
  self.onmessage = ({ data }) => void answer(data);
}
