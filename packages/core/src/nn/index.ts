export {
  type Attended,
  type AttentionBiases,
  type AttentionLayer,
  type AttentionLayerOptions,
  type AttentionView,
  attentionLayer,
  type HeadNorm,
} from "./attention-layer.js";
export {
  type Block,
  type BlockOptions,
  block,
  type Drop,
  type Memory,
  type NormPlacement,
  type ResidualForm,
} from "./block.js";
export { cachedPositions, type KeyValueCache } from "./cached-attention.js";
export {
  type CarriedState,
  type EncodedAttentionOptions,
  encodedAttention,
  encodedScores,
  type KeyValue,
  supportsCache,
} from "./encoded-attention.js";
export {
  type Activation,
  activations,
  type FeedForwardOptions,
  feedForwardLayer,
  type Layer,
  type LinearOptions,
  linearLayer,
  type Module,
  type NormKind,
  normLayer,
} from "./layers.js";
export {
  filled,
  type Initializer,
  initializeParameters,
  mapNamed,
  type Named,
  normal,
  ones,
  type ParameterSpec,
  type ParameterSpecs,
  parameterCount,
  parameterInputs,
  prefixed,
  scoped,
  uniform,
  uniformBetween,
  zeros,
} from "./parameters.js";
export { type Stack, type StackInput, type StackOutput, stack } from "./stack.js";
export { memoryOf, type SequenceInput, type SequenceOutput, type Transformer, transformer } from "./transformer.js";
export {
  type LayerSchedule,
  type ResolvedOptions,
  type ResolvedStack,
  resolveStack,
  type StackOptions,
  type TransformerOptions,
} from "./transformer-options.js";
export { type Visibility, within, withinChunk } from "./visibility.js";
