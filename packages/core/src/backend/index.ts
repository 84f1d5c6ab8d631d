export type { CompositeCall } from "../composites/composite.js";
export { check, RelposError, UnsupportedError } from "../errors.js";
export { bindDimensions, type Graph, graph } from "../graph/graph.js";
export { hash } from "../graph/hash.js";
export { callOf, inline, legalize } from "../graph/legalize.js";
export { prepare } from "../graph/prepare.js";
export { rebuild, rewrite } from "../graph/rewrite.js";
export { simplify } from "../graph/simplify.js";
export { specialize } from "../graph/specialize.js";
export { mapAttributeDims, type PrimitiveAttributes, type PrimitiveName } from "../primitives/primitives.js";
export {
  type BinaryName,
  castScalar,
  integerRange,
  type ScalarFunctions,
  scalarFunction,
  scalarFunctions,
  type UnaryName,
} from "../primitives/scalar.js";
export { bareName, type Dim, type DimBindings, evaluateDim } from "../tensor/dimension.js";
export type { DType } from "../tensor/dtype.js";
export type { HostTensor, TensorData } from "../tensor/host-tensor.js";
export type { Attributes, CompositeNode, Node, PrimitiveNode } from "../tensor/node.js";
export type { Tensor, TensorType } from "../tensor/tensor.js";
export type {
  Backend,
  BackendDetails,
  BackendMemory,
  CompileOptions,
  Donation,
  Executable,
  FileTensor,
  RunOptions,
  UploadOptions,
} from "./backend.js";
export {
  defineEagerBackend,
  type EagerBackendDefinition,
  type FusedKernel,
  type Kernel,
  type KernelCall,
  type KernelTable,
  type KernelType,
} from "./eager.js";
export type { BackendChoice, BackendProvider } from "./provider.js";
