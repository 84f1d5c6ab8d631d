import { neg, tensor, trace } from "@relpos/core";
import type { DType } from "@relpos/core/backend";
import type { Provider } from "../lower/context.js";
import type { OrtService } from "./service.js";
import { openRequest } from "./sessions.js";

/** Numbers that no backend gives out. */
const [session, input, output] = [-1, -1, -2];

/** The element types of a device; not all GPUs have 16-bit floats. Errors when it cannot be started. */
export async function typesOf(service: OrtService, provider: Provider): Promise<readonly DType[]> {
  await probe(service, provider, "float32");
  const half = await probe(service, provider, "float16").then(
    () => true,
    () => false,
  );
  return ["float32", ...(half ? (["float16"] as const) : []), "int32", "int8", "uint8", "bool"];
}

/** Runs one small graph: errors when the provider cannot be started, or has no kernels for the dtype. */
async function probe(service: OrtService, provider: Provider, dtype: DType): Promise<void> {
  await service.open(openRequest(session, trace(neg, { shape: [1], dtype }), provider));
  try {
    await service.upload({ tensor: input, value: tensor([1], [1], dtype) });
    await service.run({ session, feeds: [input], outputs: [output] });
  } finally {
    await service.dispose([input, output]);
    await service.release(session);
  }
}
