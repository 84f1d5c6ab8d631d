import { repeatHeads } from "../composites/attention.js";
import { check } from "../errors.js";
import type { Initializer } from "../nn/parameters.js";
import { matMul, pad, reshape } from "../primitives/operations.js";
import { randomNormal } from "../random/random.js";
import { elementCount, tensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { rotationsAt } from "./angles.js";
import { overHeads } from "./distance.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { ropeFrequencies } from "./rope.js";
import { turnBy } from "./rotation.js";

export interface FopeOptions {
  /** L: pairs that do not turn once in it stay. */
  readonly trainLength: number;
  /** θ. Default 10000. */
  readonly base?: number;
  /** Factor on the Xavier noise that is added to the identity at first. Default 0.3. */
  readonly initialGain?: number;
}

/** RoPE's frequencies above 2π/L, the fastest in any case. */
export function fopeFrequencies(headSize: number, trainLength: number, base = 10_000): Float64Array {
  check(trainLength > 0, "fope", () => `trainLength must be positive, got ${trainLength}`);
  return ropeFrequencies(headSize, base).filter((frequency, m) => m === 0 || frequency > (2 * Math.PI) / trainLength);
}

/** Identity matrices [heads, n, n] with Gaussian noise of deviation gain·√(2/(n + n)). */
function nearIdentity(gain: number): Initializer {
  return (key, shape) => {
    const size = shape.at(-1) as number;
    const noise = randomNormal(key, elementCount(shape));
    return tensor(
      noise.map(
        (x, index) => gain * x * Math.sqrt(1 / size) + (Math.floor(index / size) % size === index % size ? 1 : 0),
      ),
      shape,
    );
  };
}

/**
 * Fourier position embedding: each pair turns by a trained mixture of frequencies, and pairs too slow to turn once in
 * training stay.
 *
 * cos_d(t) = Σ_n C_nd·cos(t·ω_n), sin_d(t) = Σ_n S_nd·sin(t·ω_n) for each key head, cos = 1 and sin = 0 for the other
 * pairs; halves. The mixtures are not rotations, so scores are not exactly relative. Hua et al., arXiv:2412.17739; vLLM's
 * `FourierRotaryEmbedding` was read, which takes the matrices as given.
 */
export function fope(options: FopeOptions): EncodingWith<"transform" | "parameters", "cos" | "sin"> {
  const { trainLength, base = 10_000, initialGain = 0.3 } = options;
  return defineEncoding({
    kind: "fope",
    settings: { trainLength, base, initialGain },
    cache: "rotated-keys",
    parameters: ({ kvHeads, headSize }) => {
      const count = fopeFrequencies(headSize, trainLength, base).length;
      const spec = { shape: [kvHeads, count, count], initialize: nearIdentity(initialGain), decay: false };
      return { cos: spec, sin: spec };
    },
    transform: ({ parameters, query, key, queryPositions, keyPositions }) => {
      const size = query.shape.at(-1) as number;
      const frequencies = fopeFrequencies(size, trainLength, base);
      const rest = size / 2 - frequencies.length;
      const turn = (x: Tensor, positions: Tensor): Tensor => {
        const tables = rotationsAt(positions, frequencies);
        const mixed = (part: "cos" | "sin", still: number): Tensor => {
          const weights = parameters[part];
          const table = matMul(overHeads(tables[part]), reshape(weights, [1, ...weights.shape]));
          const groups = (x.shape[1] as number) / (weights.shape[0] as number);
          return repeatHeads(pad(table, { 3: [0, rest] }, still), groups);
        };
        return turnBy(x, { cos: mixed("cos", 1), sin: mixed("sin", 0) });
      };
      return { query: turn(query, queryPositions), key: turn(key, keyPositions) };
    },
  });
}
