// What a worker needs to serve requests: the driver alone, without the lowering and its dependencies.
export type { Reply, Request } from "./channel/protocol.js";
export { type Started, serveOrt } from "./channel/serve.js";
export type { CopyModels } from "./session/device-memory.js";
export { createOrtDriver, type DriverOptions } from "./session/driver.js";
export type { OrtRuntime, OrtSession, OrtSessionOptions, OrtValue } from "./session/runtime.js";
export type { OpenRequest, OrtService, RunPlan, RunRequest, UploadRequest } from "./session/service.js";
export { sessionOptions } from "./session/session-options.js";
