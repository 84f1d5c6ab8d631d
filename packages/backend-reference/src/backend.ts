import { dtypes, type HostTensor, tensor } from "@relpos/core";
import { type Backend, defineEagerBackend, type EagerBackendDefinition, type KernelTable } from "@relpos/core/backend";
import { contraction } from "./contraction.js";
import { elementwise } from "./elementwise.js";
import { gathering } from "./gathering.js";
import { movement } from "./movement.js";
import { reduction } from "./reduction.js";
import { type ReferenceTensor, upload } from "./reference-tensor.js";

const kernels: KernelTable<ReferenceTensor> = {
  ...elementwise,
  ...movement,
  ...gathering,
  ...contraction,
  ...reduction,
};

/** What `createReferenceBackend` is defined by. */
export const referenceDefinition: EagerBackendDefinition<ReferenceTensor> = {
  name: "reference",
  dtypes,
  kernels,
  upload,
  download,
  shapeOf: ({ shape }) => shape,
  dispose: (x) => {
    x.data = x.data.slice(0, 0);
  },
};

/**
 * A backend that computes every primitive in float64 and claims no composite: the oracle for other backends, and the
 * example to write one by.
 *
 * float32 tensors keep 64 bits and come back in a `Float64Array`; float16 and bfloat16 are rounded on download only.
 */
export function createReferenceBackend(): Backend<ReferenceTensor> {
  return defineEagerBackend(referenceDefinition);
}

/** A copy for the host; float16 and bfloat16 as bits, everything else as it is held. */
function download({ shape, dtype, data }: ReferenceTensor): HostTensor {
  const half = dtype === "float16" || dtype === "bfloat16";
  return half ? tensor(data, shape, dtype) : { shape, dtype, data: data.slice() };
}
