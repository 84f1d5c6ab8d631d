// A worker that starts, and crashes at the next request.
import { parentPort } from "node:worker_threads";

parentPort.on("message", ({ id, method }) => {
  if (method === "start") return parentPort.postMessage({ id, value: {} });
  setTimeout(() => {
    throw new Error("out of luck");
  });
});
