import { check, type HostTensor, tensor, toNumbers } from "@relpos/core";
import type { Backend, DType, FileTensor } from "@relpos/core/backend";
import { mapNamed, type ParameterSpecs } from "@relpos/core/nn";

/** Wider types that hold the same numbers, for backends that lack a narrow one. */
const wider: Readonly<Partial<Record<DType, DType>>> = { uint8: "int32", float16: "float32" };

/** Parameters in element types that a backend has. */
export function specsOn(backend: Backend, specs: ParameterSpecs): ParameterSpecs {
  return mapNamed(specs, (spec) => {
    const { dtype = "float32" } = spec;
    return backend.dtypes.has(dtype) ? spec : { ...spec, dtype: wider[dtype] ?? dtype };
  });
}

/** Gives a weight to a backend in an element type: from memory, which is given away, or as a place in a file. */
export async function hold(backend: Backend, value: HostTensor | FileTensor, dtype: DType): Promise<unknown> {
  if (!("data" in value)) {
    check(backend.map, "LanguageModel", () => `backend "${backend.name}" cannot map ${value.path}: read it`);
    return backend.map(value);
  }
  const held = value.dtype === dtype ? value : tensor(toNumbers(value), value.shape, dtype);
  return backend.upload(held, { transfer: true });
}
