import { check } from "../errors.js";
import { filled } from "../nn/parameters.js";
import { add, concat, constant, equal, mul, pad, reshape, where } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Rotations, rotationsAt } from "./angles.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";

/** Where sines and cosines stand: sin, cos, sin, cos, …, or all sines, then all cosines. */
export type SinusoidLayout = "interleaved" | "concatenated";

export interface SinusoidalOptions {
  /** Default "interleaved", as in the paper. */
  readonly layout?: SinusoidLayout;
  /** θ, the base of the wavelengths. Default 10000. */
  readonly base?: number;
  /** "tensor2tensor" divides by width/2 − 1, so that the last wavelength is exactly 2πθ. Default "paper": by width/2. */
  readonly timescales?: "paper" | "tensor2tensor";
  /** Factor on the table. Default 1. */
  readonly scale?: number;
  /** A position whose row is zeros, as M2M-100 has for padding. Default: none. */
  readonly paddingPosition?: number;
}

/**
 * ω_m = θ^(−2m/D) for m = 0 … D/2 − 1, or θ^(−m/(⌊D/2⌋ − 1)) with tensor2tensor's time scales, which leave the last
 * column of an odd width 0.
 */
export function sinusoidalFrequencies(width: number, options: SinusoidalOptions = {}): Float64Array {
  const { base = 10_000, timescales = "paper" } = options;
  const whole = Number.isInteger(width) && width > 0;
  check(
    whole && (width % 2 === 0 || timescales === "tensor2tensor"),
    "sinusoidal",
    () => `width must be even, got ${width}`,
  );
  const half = Math.floor(width / 2);
  const divisor = timescales === "paper" ? half : Math.max(half - 1, 1);
  return Float64Array.from({ length: half }, (_, m) => base ** (-m / divisor));
}

/** P(t): one row of the table, `width` numbers. */
export function sinusoidalRow(position: number, width: number, options: SinusoidalOptions = {}): Float64Array {
  const { layout = "interleaved", scale = 1, paddingPosition } = options;
  const row = new Float64Array(width);
  if (position === paddingPosition) return row;
  sinusoidalFrequencies(width, options).forEach((frequency, m) => {
    const [sine, cosine] = layout === "interleaved" ? [2 * m, 2 * m + 1] : [m, m + Math.floor(width / 2)];
    row[sine] = scale * Math.sin(position * frequency);
    row[cosine] = scale * Math.cos(position * frequency);
  });
  return row;
}

/**
 * Sinusoids of the absolute position, added to the embeddings: P(t)[2m] = sin(t·ω_m), P(t)[2m+1] = cos(t·ω_m).
 *
 * Vaswani et al., arXiv:1706.03762. Layouts agree with pytorch/examples (interleaved), Transformer-XL and GPT-J
 * (concatenated) and M2M-100 (concatenated, tensor2tensor's time scales).
 */
export function sinusoidal(options: SinusoidalOptions = {}): EncodingWith<"embed"> {
  const { layout = "interleaved", base = 10_000, timescales = "paper", scale = 1, paddingPosition } = options;
  return defineEncoding({
    kind: "sinusoidal",
    settings: { layout, base, timescales, scale, ...(paddingPosition !== undefined && { paddingPosition }) },
    cache: "rotated-keys",
    embed: ({ x, positions }) => {
      const table = tableAt(positions, x.shape.at(-1) as number, options);
      return add(x, scale === 1 ? table : mul(table, scale));
    },
  });
}

/**
 * Sinusoids of the absolute position times one trained number, added to the embeddings: x[t] + s·P(t), s = D^(−1/2) at
 * first.
 *
 * Agrees with x-transformers' `ScaledSinusoidalEmbedding`, whose layout is "concatenated", the default here.
 */
export function scaledSinusoidal(
  options: Omit<SinusoidalOptions, "scale"> = {},
): EncodingWith<"embed" | "parameters", "scale"> {
  const { layout = "concatenated", ...others } = options;
  return defineEncoding({
    kind: "scaled-sinusoidal",
    settings: { layout, ...others },
    cache: "rotated-keys",
    parameters: ({ width }) => ({ scale: { shape: [1], initialize: filled(width ** -0.5), decay: false } }),
    embed: ({ parameters, x, positions }) => {
      return add(x, mul(tableAt(positions, x.shape.at(-1) as number, { layout, ...others }), parameters.scale));
    },
  });
}

/** P(t) at positions [...] without its factor: [..., width]. */
function tableAt(positions: Tensor, width: number, options: SinusoidalOptions): Tensor {
  const { layout = "interleaved", paddingPosition } = options;
  const sinusoids = layOut(rotationsAt(positions, sinusoidalFrequencies(width, options)), layout);
  const table = pad(sinusoids, { [-1]: [0, width % 2] });
  if (paddingPosition === undefined) return table;
  const isPadding = reshape(equal(positions, constant(paddingPosition, "int32")), [...positions.shape, 1]);
  return where(isPadding, 0, table);
}

/** Sines and cosines [..., half] as one vector [..., 2·half]. */
export function layOut({ cos, sin }: Rotations, layout: SinusoidLayout): Tensor {
  return layout === "interleaved" ? interleave(sin, cos) : concat([sin, cos], -1);
}

/** [..., half] twice → [..., 2·half], elements taken in turn. */
function interleave(first: Tensor, second: Tensor): Tensor {
  const half = first.shape.at(-1) as number;
  const columns = [first, second].map((part) => reshape(part, [...part.shape, 1]));
  return reshape(concat(columns, -1), [...first.shape.slice(0, -1), 2 * half]);
}
