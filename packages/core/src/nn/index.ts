export {
  type Attended,
  type AttentionLayer,
  type AttentionLayerOptions,
  type AttentionView,
  attentionLayer,
} from "./attention-layer.js";
export { type Block, type BlockOptions, block, type Drop } from "./block.js";
export {
  type CarriedState,
  type EncodedAttentionOptions,
  encodedAttention,
  encodedScores,
  type KeyValue,
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
export { type SequenceInput, type SequenceOutput, type Transformer, transformer } from "./transformer.js";
export type { LayerSchedule, ResolvedOptions, TransformerOptions } from "./transformer-options.js";
