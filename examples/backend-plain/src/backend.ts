import { check } from "@relpos/core";
import { type Backend, type BackendProvider, defineEagerBackend, type KernelTable } from "@relpos/core/backend";
import { elementwise } from "./elementwise.js";
import { fused } from "./fused.js";
import { matrixProduct } from "./matrix-product.js";
import { movement } from "./movement.js";
import { reduction } from "./reduction.js";
import { download, dtypes, type PlainTensor, upload } from "./tensor.js";

/** Every primitive. A missing one does not compile. */
const kernels: KernelTable<PlainTensor> = {
  ...elementwise,
  ...movement,
  ...reduction,
  matMul: ({ inputs, outputType }) => matrixProduct(inputs[0]!, inputs[1]!, outputType),
};

/** A backend of plain loops over typed arrays: float32, int32 and bool. */
export function createPlainBackend(): Backend<PlainTensor> {
  return defineEagerBackend({
    name: "plain",
    dtypes,
    kernels,
    fused,
    upload,
    download,
    shapeOf: ({ shape }) => shape,
    // The garbage collector frees what nobody holds. A library with memory of its own would free it here.
    dispose: () => {},
  });
}

/** What `relpos compare --backend` looks for in a package. */
export const provider: BackendProvider = {
  name: "plain",
  summary: "plain loops over typed arrays: an example",
  devices: ["cpu"],
  create: async ({ device = "cpu" } = {}) => {
    check(device === "cpu", "createPlainBackend", () => `device must be cpu, got ${device}`);
    return createPlainBackend();
  },
};
