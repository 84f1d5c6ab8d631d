export type { ConfigFields } from "./config/config.js";
export { families } from "./families/index.js";
export type { InputName, Model, ModelInputs, ModelOutputs } from "./model/model.js";
export { type HostCache, type HostInputs, type LoadedModel, loadModel, type RunModelOptions } from "./model/runner.js";
export type { Task } from "./model/task.js";
export { type Checkpoint, type CheckpointSource, type OpenOptions, openCheckpoint } from "./open-checkpoint.js";
export * from "./safetensors/index.js";
export type { Folder } from "./source/open-folder.js";
export type { LoadOptions, LoadProgress } from "./weights/load.js";
