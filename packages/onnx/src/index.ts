export { createOrtClient, type OrtClient, type StartedService, type WorkerPort } from "./channel/client.js";
export type { Reply, Request, StartableService } from "./channel/protocol.js";
export type { AccuracyLevel, Provider } from "./lower/context.js";
export { claims, standardClaims } from "./lower/fusions.js";
export { type LowerOptions, lower } from "./lower/lower.js";
export { alignment, type EncodedModel, type EncodeOptions, encodeOnnx, onnxFiles } from "./model/encode.js";
export { withInt64Inputs } from "./model/int64-inputs.js";
export type {
  OnnxAttribute,
  OnnxBranch,
  OnnxExternalValue,
  OnnxInitializer,
  OnnxModel,
  OnnxNode,
  OnnxType,
  OnnxValue,
} from "./model/model.js";
export { printOnnx } from "./model/print.js";
export { createOrtBackend, type OrtBackendOptions, type OrtTensor } from "./session/backend.js";
export { copyModels } from "./session/copy-models.js";
export type { CopyModels } from "./session/device-memory.js";
export { typesOf } from "./session/probe.js";
export type { OrtRuntime, OrtSession, OrtSessionOptions, OrtValue } from "./session/runtime.js";
export type { OpenRequest, OrtService, RunPlan, RunRequest, UploadRequest } from "./session/service.js";
