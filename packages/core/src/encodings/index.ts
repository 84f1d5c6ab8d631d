export { type AbacusOptions, abacus, abacusPositions } from "./abacus.js";
export { type AlibiOptions, alibi, alibiSlopes } from "./alibi.js";
export {
  bloomPositions,
  type FalconAlibiOptions,
  falconAlibi,
  falconAlibiBias,
  type KeyAlibiOptions,
  keyAlibi,
} from "./alibi-keys.js";
export { type Rotations, rotationsAt } from "./angles.js";
export {
  type CapeOptions,
  capePositions,
  randomizedPositions,
  roundedCapePositions,
  shiftedPositions,
} from "./augmented-positions.js";
export { type AxialRopeOptions, axialPairs, axialRope, gridPositions } from "./axial-rope.js";
export { type BeitOptions, beit, beitIndex } from "./beit.js";
export {
  type BertRelativeOptions,
  bertRelative,
} from "./bert-relative.js";
export { type BipeOptions, bilevelPositions, bipe } from "./bipe.js";
export { cable } from "./cable.js";
export { type ClippedRopeOptions, clippedFrequencies, clippedRope } from "./clipped-rope.js";
export { combine } from "./combine.js";
export { type ConformerOptions, conformer } from "./conformer.js";
export { type CopeOptions, contextualPositions, cope } from "./cope.js";
export { type CounterRotationOptions, counterRotation } from "./counter-rotation.js";
export { type DapeOptions, dape } from "./dape.js";
export { type DebertaOptions, type DebertaTerm, deberta } from "./deberta.js";
export { type DebertaBuckets, type DebertaRowOptions, debertaBucket, debertaRow } from "./deberta-buckets.js";
export { type DecomposedOptions, decomposed } from "./decomposed.js";
export { overHeads, relativePositions } from "./distance.js";
export { biasByDistance } from "./distance-bias.js";
export { type DropeOptions, drope } from "./drope.js";
export { type DualChunkOptions, dualChunk, dualChunkDistance, dualChunkScale, dualChunkSizes } from "./dual-chunk.js";
export { type DynamicPositionBiasOptions, dynamicPositionBias } from "./dynamic-position-bias.js";
export {
  type CacheClass,
  type CarryContext,
  defineEncoding,
  type EmbedContext,
  type EncodingParameterSpecs,
  type EncodingShape,
  type EncodingWith,
  type Hook,
  type HookContext,
  type PairContext,
  type ParameterScope,
  type PositionEncoding,
  type RelativeScoresContext,
  type ScoresContext,
  type StateContext,
  type TransformContext,
  type Transformed,
  type ValuesContext,
  type WeightsContext,
} from "./encoding.js";
export { type FireOptions, fire } from "./fire.js";
export { type FopeOptions, fope, fopeFrequencies } from "./fope.js";
export { gateDifferences, gateDistances } from "./forget-gates.js";
export { type FoxOptions, forgetGateBiases, fox } from "./fox.js";
export { type GatedT5Options, gatedT5, relativeGate } from "./gated-t5.js";
export { type GrapeAdditiveOptions, grapeAdditive } from "./grape-additive.js";
export { type ContextualGrapeMOptions, contextualGrapeM, type GrapeMOptions, grapeM, rodrigues } from "./grape-m.js";
export { type GrapePathOptions, grapePath } from "./grape-path.js";
export {
  type GraphormerOptions,
  graphormer,
  noPath,
  shortestPathDistances,
  virtualNode,
  withVirtualNode,
} from "./graphormer.js";
export { type HopeOptions, hope, hopeFrequencies } from "./hope.js";
export { type HouseholderOptions, householderProducts } from "./householder.js";
export { householderBlocks } from "./householder-blocks.js";
export { type InklingOptions, inkling, inklingTemperature, relativeLogits } from "./inkling.js";
export { type KerpleKernel, type KerpleOptions, kerple } from "./kerple.js";
export {
  byLayerType,
  type DualBaseOptions,
  dualBase,
  type EveryOptions,
  everyNth,
  nopeEvery,
} from "./layer-schedules.js";
export { type LearnedOptions, learned, maskedPositions } from "./learned.js";
export { type LieRopeOptions, lieRope } from "./lie-rope.js";
export { matrixExponential } from "./matrix-exponential.js";
export { type MegaBiasOptions, megaBias } from "./mega-bias.js";
export { type MixedRopeOptions, mixedRope } from "./mixed-rope.js";
export {
  type MropeArrangement,
  type MropeOptions,
  type MropeSections,
  mrope,
  mropeAxes,
  mropeSections,
} from "./mrope.js";
export { type MropePositionsOptions, mropePositions, type VisionGrid, videoFrames } from "./mrope-positions.js";
export { type MusicOptions, music } from "./music.js";
export { none } from "./none.js";
export { type PathOptions, path } from "./path.js";
export { type PixelRopeOptions, pixelAngles, pixelRope } from "./pixel-rope.js";
export { type PopeOptions, pope, popeFrequencies } from "./pope.js";
export {
  type AdditionLengths,
  type CouplingOptions,
  coupledAdditionPositions,
  coupledPositions,
  positionCoupling,
} from "./position-coupling.js";
export { distanceRange, isRange, type Places } from "./position-range.js";
export { encodeAdditively, type Rows, relativeDifference, relativeVectors } from "./relative-difference.js";
export { type RelativeVectors, relativeKeyProducts, relativeProducts, relativeSums } from "./relative-products.js";
export { type RelativeSinusoidOptions, relativeSinusoidProducts } from "./relative-sinusoid.js";
export { distanceMatrix, type RemappedRotaryOptions } from "./remapped-rotary.js";
export { type RepoOptions, repo } from "./repo.js";
export { type ReropeOptions, rerope, reropeDistance } from "./rerope.js";
export { type RetentionOptions, retention, retentionDecays } from "./retention.js";
export {
  type RopeOptions,
  rope,
  ropeFrequencies,
  ropeRotations,
  rotate,
  scaledRopeFrequencies,
} from "./rope.js";
export { type DynamicNtkOptions, dynamicNtk, type LongRopeOptions, longRope } from "./rope-by-length.js";
export {
  type RopeConfig,
  ropeOptionsFromConfig,
  ropeParametersFromOptions,
  ropeParametersOfConfig,
  ropeScalingFromConfig,
} from "./rope-config.js";
export {
  type LinearScalingOptions,
  type Llama3Options,
  linearScaling,
  llama3,
  ntkAware,
  ntkBase,
  ntkFrequencies,
  type ProportionalOptions,
  proportional,
  type RopeScaling,
  type RotaryShape,
  type ScaledFrequencies,
} from "./rope-scaling.js";
export { type SandwichOptions, sandwich, sandwichBias } from "./sandwich.js";
export { type SelectiveRopeOptions, selectiveRope } from "./selective-rope.js";
export { type SelfExtendOptions, selfExtend, selfExtendDistance } from "./self-extend.js";
export { type ShawOptions, type ShawTerm, shaw, shawRow } from "./shaw.js";
export { lmInfinite, lmInfiniteDistance, type SinksOptions, streamingDistance, streamingLlm } from "./sinks.js";
export {
  type SinusoidalOptions,
  scaledSinusoidal,
  sinusoidal,
  sinusoidalFrequencies,
  sinusoidalRow,
} from "./sinusoidal.js";
export { type StickBreakingOptions, stickBreaking, stickBreakingWeights } from "./stick-breaking.js";
export { circulantGenerator, type StringRopeOptions, stringRope } from "./string-rope.js";
export { type SwinOptions, swin } from "./swin.js";
export { type SwinV2Options, swinV2, swinV2Coordinates } from "./swin-v2.js";
export { type T5Options, t5, t5Bucket } from "./t5.js";
export { type TapeOptions, tape } from "./tape.js";
export {
  type LogTemperatureOptions,
  llama4Temperature,
  llama4TemperatureAt,
  logTemperature,
  logTemperatureAt,
  ministralTemperature,
  ministralTemperatureAt,
  type StepTemperatureOptions,
} from "./temperature.js";
export { type TisaOptions, tisa } from "./tisa.js";
export { type TransformerXlOptions, transformerXl } from "./transformer-xl.js";
export { type TupeOptions, tupe } from "./tupe.js";
export { type WallOptions, wall } from "./wall.js";
export { differenceIndex, gridFor, type WindowGrid } from "./window-grid.js";
export { type XlnetOptions, xlnet } from "./xlnet.js";
export { type XposOptions, xpos, xposDecay } from "./xpos.js";
export {
  type NtkByPartsOptions,
  ntkByParts,
  type PairRange,
  pairRange,
  type YarnOptions,
  yarn,
  yarnTemperature,
} from "./yarn.js";
