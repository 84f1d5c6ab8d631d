export { type AdaptedModel, adaptedModel } from "./adapter/adapted-model.js";
export {
  type Adapter,
  type AppliedAdapter,
  adapterFileNames,
  adapterFiles,
  adapterOf,
  adapterWeights,
  applyAdapter,
  openAdapter,
  saveAdapter,
} from "./adapter/adapter-files.js";
export { type LoraConfig, loraScale } from "./adapter/lora-config.js";
export { mergeAdapter } from "./adapter/merge-adapter.js";
export type { Checkpoint } from "./checkpoint.js";
export type { ConfigFields } from "./config/config.js";
export { contextLengthOf } from "./config/context-length.js";
export { recommendScaling, type ScalingRecommendation } from "./config/recommend-scaling.js";
export {
  type AutoOverride,
  formatRope,
  parseRope,
  type RemapOverride,
  type RopeOverride,
  ropeExamples,
  type ScalingOverride,
} from "./config/rope-override.js";
export { scalingsFor } from "./config/scalings-for.js";
export { exportSafetensors, type SafetensorsExportOptions } from "./export-safetensors.js";
export { modelOf } from "./families/blueprint.js";
export { families } from "./families/index.js";
export { type HeadOptions, withHead } from "./fresh-head.js";
export { type OpenLlama2cOptions, openLlama2c } from "./llama2c/open-llama2c.js";
export { type Llama2cTokenizer, readLlama2cTokenizer } from "./llama2c/tokenizer.js";
export type { DrawPositions, InputName, Model, ModelInputs, ModelOutputs } from "./model/model.js";
export {
  createModelRunner,
  type HostCache,
  type HostInputs,
  type LoadedModel,
  loadModel,
  type ModelResults,
  type ModelRunner,
  type RunModelOptions,
} from "./model/runner.js";
export type { Task } from "./model/task.js";
export { type CheckpointSource, type OpenOptions, openCheckpoint } from "./open-checkpoint.js";
export { type Blocks, quantizeBlocks } from "./quantized/quantize-blocks.js";
export { type QuantizeOptions, quantizeCheckpoint } from "./quantized/quantized-checkpoint.js";
export { quantizedModel, type WeightDType, weightDTypes } from "./quantized/quantized-model.js";
export * from "./safetensors/index.js";
export {
  checkpointFiles,
  companionFiles,
  type NamedFile,
  type SavedDType,
  type SaveOptions,
  saveCheckpoint,
  savedDTypes,
  saveFiles,
  storedWeights,
} from "./save-checkpoint.js";
export type { Folder } from "./source/folder.js";
export type { HubOptions } from "./source/hub.js";
export type { FolderLike } from "./source/open-folder.js";
export type { OnProgress, Progress } from "./source/progress.js";
export type { LoadOptions } from "./weights/load.js";
