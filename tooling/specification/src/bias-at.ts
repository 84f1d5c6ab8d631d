import { type HostTensor, run, type Tensor, tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { PositionEncoding } from "@relpos/core/encodings";
import type { Named } from "@relpos/core/nn";
import { movedParameters, namedAs } from "./parameters.js";

/** The sizes that encodings are tried with. */
export const shape = { width: 8, layers: 1, heads: 2, kvHeads: 2, headSize: 4 } as const;
/** Positions. */
export const at = (...values: readonly number[]): HostTensor => tensor(values, [values.length], "int32");

/** Initial parameters of an encoding, with each value moved away from 0 and 1. */
export const parametersOf = (encoding: PositionEncoding): Named<HostTensor> =>
  movedParameters(encoding.parameters?.(shape) ?? {}, 1);

/** The bias of an encoding at positions that the graph is given. Default: with the parameters above. */
export function biasAt(
  backend: Backend,
  encoding: PositionEncoding,
  query: HostTensor,
  key: HostTensor,
  parameters = parametersOf(encoding),
): Promise<HostTensor> {
  return run(
    backend,
    (q, k, ...values) => {
      const context = { parameters: namedAs(parameters, values), query: q as Tensor, key: k as Tensor };
      return encoding.bias?.({ ...context, heads: shape.heads }) as Tensor;
    },
    query,
    key,
    ...Object.values(parameters),
  );
}

/** A head's values for the first query. */
export const row = (bias: HostTensor, head: number): readonly number[] => {
  const keys = bias.shape.at(-1) as number;
  return [...bias.data.subarray(head * keys, (head + 1) * keys)];
};
