export { type ValueAndGradients, valueAndGrad, valueAndGradients } from "./autodiff/gradient.js";
export { run, runAll } from "./backend/run.js";
export { gelu, logSigmoid, sigmoid, silu, softplus } from "./composites/activations.js";
export { type AttentionOptions, addToScores, attend, attention, causalMask } from "./composites/attention.js";
export {
  applyComposite,
  applySingle,
  type Composite,
  type CompositeCall,
  defineComposite,
  type VjpCall,
} from "./composites/composite.js";
export { type CrossEntropyOptions, crossEntropy } from "./composites/cross-entropy.js";
export { type BlockBits, dequantizeBlocks } from "./composites/dequantize-blocks.js";
export { dropout } from "./composites/dropout.js";
export { linear, matMulNBits, scaledMatMul } from "./composites/linear.js";
export { mean } from "./composites/mean.js";
export { layerNorm, type NormOptions, rmsNorm } from "./composites/norms.js";
export { alongDiagonals, relativeShift, relativeUnshift } from "./composites/relative-shift.js";
export { rotaryEmbedding } from "./composites/rotary-embedding.js";
export { embedding, oneHot, scatterAdd } from "./composites/scatter-add.js";
export { logSoftmax, logSumExp, softmax } from "./composites/softmax.js";
export { split } from "./composites/split.js";
export { tensorScatter } from "./composites/tensor-scatter.js";
export { topK } from "./composites/top-k.js";
export { triangularInverse } from "./composites/triangular-inverse.js";
export { check, NonFiniteLossError, RelposError, UnsupportedError } from "./errors.js";
export { digest } from "./graph/digest.js";
export { type Graph, graph } from "./graph/graph.js";
export { hash } from "./graph/hash.js";
export { inline, legalize } from "./graph/legalize.js";
export { print, printType } from "./graph/print.js";
export { simplify } from "./graph/simplify.js";
export { type TensorSpec, type TensorsOf, trace } from "./graph/trace.js";
export { verify } from "./graph/verify.js";
export * from "./primitives/operations.js";
export type { PrimitiveAttributes, PrimitiveName } from "./primitives/primitives.js";
export * from "./random/random.js";
export type { RandomKey } from "./random/threefry.js";
export {
  addDims,
  type Dim,
  type DimBindings,
  type DimExpr,
  dimension,
  equalDims,
  equalShapes,
  evaluateDim,
  multiplyDims,
  printDim,
  printShape,
  productOfDims,
  subtractDims,
} from "./tensor/dimension.js";
export { bytesPerElement, type DType, dtypes, isFloat } from "./tensor/dtype.js";
export * from "./tensor/host-tensor.js";
export type { Attributes, AttributeValue, CompositeNode, Node, PrimitiveNode } from "./tensor/node.js";
export { isTensor, Tensor, type TensorLike, type TensorType } from "./tensor/tensor.js";
