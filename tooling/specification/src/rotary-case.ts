import { gaussian } from "@relpos/conformance/cases";
import { positions as counted, exactTensor, type HostTensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { PositionEncoding } from "@relpos/core/encodings";
import { initializeParameters, mapNamed, type Named } from "@relpos/core/nn";
import * as attention from "./attention-case.js";

/** Causal attention of two query heads and one key head with an encoding; everything has a default. */
export interface RotaryCase {
  readonly encoding: PositionEncoding;
  /** Of queries and keys alike. Default: 0, 1, … 5. */
  readonly positions?: HostTensor;
  /** Head size. Default 8. */
  readonly size?: number;
  /** Default: what the encoding begins with. */
  readonly parameters?: Named<HostTensor>;
  /** State of the tokens [1, L, n], for encodings that have one. */
  readonly state?: HostTensor;
}

/** Initial parameters for one key head, in 64 bits. */
export function initialParameters(encoding: PositionEncoding, size = 8): Named<HostTensor> {
  const shape = { width: 2 * size, layers: 1, heads: 2, kvHeads: 1, headSize: size };
  return mapNamed(initializeParameters(encoding.parameters?.(shape) ?? {}, 3), (value) => {
    return exactTensor(value.data, value.shape);
  });
}

function prepared({ encoding, positions = counted(6), size = 8, state, parameters }: RotaryCase) {
  const length = positions.shape.at(-1) as number;
  return {
    encoding,
    query: gaussian([1, 2, length, size], "q"),
    key: gaussian([1, 1, length, size], "k"),
    value: gaussian([1, 1, length, size], "v"),
    queryPositions: positions,
    keyPositions: positions,
    state,
    parameters: parameters ?? initialParameters(encoding, size),
  };
}

/** What enters softmax [1, 2, L, L]. */
export const scoresOf = (backend: Backend, given: RotaryCase) => attention.scoresOf(backend, prepared(given));

/** Attention's output [1, 2, L, D]. */
export const outputOf = (backend: Backend, given: RotaryCase) => attention.outputOf(backend, prepared(given));
