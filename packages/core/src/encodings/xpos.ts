import { rotaryEmbedding } from "../composites/rotary-embedding.js";
import { add, cast, constant, div, exp, mul, reduceMax, reshape, sub } from "../primitives/operations.js";
import { exactTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { rotationsAt } from "./angles.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { ropeFrequencies } from "./rope.js";
import { mapRotations, overBatch } from "./rotation.js";

export interface XposOptions {
  /** θ. Default 10000. */
  readonly base?: number;
  /** Positions over which a factor of ζ is gained. Default 512. */
  readonly scaleBase?: number;
  /** γ of ζ_m = (2m/d + γ)/(1 + γ). Default 0.4. */
  readonly smoothing?: number;
  /**
   * The position with exponent 0: the middle of all keys, rounded up (torchscale) or down (x-transformers), or a fixed
   * one, which allows turned keys in a cache but overflows far from it. Scores are the same. Default "torchscale".
   */
  readonly centre?: keyof typeof middles | number;
  /** Pairs (2m, 2m + 1), or (m, m + r/2). Default `true`, as in both references. */
  readonly interleaved?: boolean;
}

/** What is added to the length before it is halved. */
const middles = { torchscale: 1, "x-transformers": 0 } as const;

/** ζ_m = (2m/d + γ)/(1 + γ) for m = 0 … d/2 − 1: how much each pair keeps over `scaleBase` positions. */
export function xposDecay(headSize: number, smoothing = 0.4): Float64Array {
  return Float64Array.from({ length: headSize / 2 }, (_, m) => ((2 * m) / headSize + smoothing) / (1 + smoothing));
}

/**
 * xPos: rotary embedding whose pairs also fade with the distance, the fast ones sooner.
 *
 * s_ij = Σ_m Re(q_m·k̄_m·e^(i·(i − j)·ω_m))·ζ_m^((i − j)/512): queries grow by ζ^(+t/512), keys by ζ^(−t/512), with t
 * counted from the middle of the keys so that neither overflows. The middle moves as keys come, so a cache holds keys
 * before they are turned. Later keys would be amplified: for causal attention. Sun et al., arXiv:2212.10554. Agrees with
 * torchscale and x-transformers, which round the middle differently.
 */
export function xpos(options: XposOptions = {}): EncodingWith<"transform"> {
  const { base = 10_000, scaleBase = 512, smoothing = 0.4, centre = "torchscale", interleaved = true } = options;
  return defineEncoding({
    kind: "xpos",
    settings: { base, scaleBase, smoothing, centre, interleaved },
    cache: typeof centre === "number" ? "rotated-keys" : "raw-keys",
    transform: ({ query, key, queryPositions, keyPositions }) => {
      const size = query.shape.at(-1) as number;
      const frequencies = ropeFrequencies(size, base);
      const rates = constant(
        exactTensor(
          xposDecay(size, smoothing).map((zeta) => Math.log(zeta) / scaleBase),
          [frequencies.length],
        ),
      );
      const middle = typeof centre === "number" ? constant(centre, "int32") : middleOf(keyPositions, middles[centre]);
      const turn = (x: Tensor, positions: Tensor, direction: 1 | -1): Tensor => {
        const exponents = reshape(cast(sub(positions, middle), "float32"), [...positions.shape, 1]);
        const growth = exp(mul(mul(exponents, direction), rates));
        const { cos, sin } = mapRotations(rotationsAt(positions, frequencies), (table) =>
          overBatch(mul(table, growth)),
        );
        return rotaryEmbedding(x, cos, sin, { interleaved });
      };
      return { query: turn(query, queryPositions, 1), key: turn(key, keyPositions, -1) };
    },
  });
}

/** ⌊(length + rounding)/2⌋ where the length is one more than the last position: [1] or [B, 1]. */
function middleOf(keyPositions: Tensor, rounding: number): Tensor {
  return div(add(reduceMax(keyPositions, -1, { keepDims: true }), 1 + rounding), 2);
}
