import { rotaryEmbedding } from "../composites/rotary-embedding.js";
import { check } from "../errors.js";
import { add, concat, mul, reduceMax, reshape, slice, transpose } from "../primitives/operations.js";
import { type Dim, subtractDims } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Rotations, rotationsAt } from "./angles.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { isRange } from "./position-range.js";
import type { RopeScaling, ScaledFrequencies } from "./rope-scaling.js";
import { mapRotations, overBatch } from "./rotation.js";

/** How coordinates pair up: (2m, 2m + 1) or (m, m + r/2). */
type PairOrder = "interleaved" | "halves";

export interface RopeOptions {
  /** θ. Default 10000; models for long inputs are trained with a larger one. */
  readonly base?: number;
  /** Pairs (2m, 2m + 1) as in RoFormer and GPT-J, or (m, m + r/2) as in GPT-NeoX and HF's Llama. Default `false`: halves. */
  readonly interleaved?: boolean;
  /** How turned pairs are written. Default: as they are read. DeepSeek-V3 reads interleaved and writes halves. */
  readonly written?: PairOrder;
  /** Share of the head's coordinates that turn; rounded down to r = ⌊share·D⌋. Default 1. */
  readonly share?: number;
  /** r itself, for models that give the number of coordinates. Default: from the share. */
  readonly rotaryDimension?: number;
  /** Which r coordinates of a head turn. Default "first"; "last" in DeepSeek's latent attention, [nope | rope]. */
  readonly turned?: "first" | "last";
  /** Other frequencies, for longer inputs: `yarn({ factor: 4, originalMaximum: 4096 })`. Default: none. */
  readonly scaling?: RopeScaling | undefined;
}

/** ω_m = θ^(−2m/r) for m = 0 … r/2 − 1, where r is the number of coordinates that turn. */
export function ropeFrequencies(rotaryDimension: number, base = 10_000): Float64Array {
  check(Number.isInteger(rotaryDimension) && rotaryDimension > 0 && rotaryDimension % 2 === 0, "rope", () => {
    return `rotary dimension must be even, got ${rotaryDimension}`;
  });
  return Float64Array.from({ length: rotaryDimension / 2 }, (_, m) => base ** ((-2 * m) / rotaryDimension));
}

/** Frequencies and the factor on cosines and sines that heads of a size are turned by in sequences of a length. */
export function scaledRopeFrequencies(headSize: number, options: RopeOptions, length: number): ScaledFrequencies {
  const { base = 10_000, scaling } = options;
  const dimension = rotaryDimensionOf(headSize, options);
  return (
    scaling?.scaled({ dimension, base }, length) ?? {
      frequencies: ropeFrequencies(dimension, base),
      attentionFactor: 1,
    }
  );
}

/** How many coordinates of a head turn. */
function rotaryDimensionOf(
  headSize: number,
  { share = 1, rotaryDimension = Math.floor(share * headSize) }: RopeOptions,
): number {
  return rotaryDimension;
}

/** Where the pairs m = 0 … count − 1 stand among the coordinates that turn. */
const places: Readonly<Record<PairOrder, (m: number, count: number) => readonly [number, number]>> = {
  interleaved: (m) => [2 * m, 2 * m + 1],
  halves: (m, count) => [m, m + count],
};

const ordersOf = ({ interleaved = false, written = interleaved ? "interleaved" : "halves" }: RopeOptions) => {
  return { read: interleaved ? "interleaved" : "halves", written } as const;
};

/** A vector turned by the angles of its position, in a sequence that ends there unless a length is given. */
export function rotate(
  x: ArrayLike<number>,
  position: number,
  options: RopeOptions = {},
  length = position + 1,
): Float64Array {
  const { frequencies, attentionFactor } = scaledRopeFrequencies(x.length, options, length);
  const orders = ordersOf(options);
  const start = options.turned === "last" ? x.length - 2 * frequencies.length : 0;
  const turned = Float64Array.from(x);
  frequencies.forEach((frequency, m) => {
    const [first, second] = places[orders.read](m, frequencies.length).map((place) => x[start + place]) as [
      number,
      number,
    ];
    const [toFirst, toSecond] = places[orders.written](m, frequencies.length);
    const [cos, sin] = [Math.cos(position * frequency), Math.sin(position * frequency)];
    turned[start + toFirst] = attentionFactor * (first * cos - second * sin);
    turned[start + toSecond] = attentionFactor * (second * cos + first * sin);
  });
  return turned;
}

/**
 * Rotary position embedding: q and k are turned by their positions, so that q·k depends on their difference only.
 *
 * R(i·ω)q · R(j·ω)k = q · R((j − i)·ω)k. Su et al., arXiv:2104.09864. Agrees with HF Llama (halves), GPT-J (interleaved),
 * GPT-NeoX (partial) and DeepSeek-V3 (mixed layout). With a scaling whose frequencies depend on the sequence's length, the
 * cache holds keys before they are turned, and all of them are turned anew at every step.
 */
export function rope(options: RopeOptions = {}): EncodingWith<"transform"> {
  const { base = 10_000, interleaved = false, written, share = 1, rotaryDimension, turned, scaling } = options;
  return defineEncoding({
    kind: scaling ? `rope-${scaling.kind}` : "rope",
    settings: {
      base,
      interleaved,
      share,
      rotaryDimension,
      ...(written && { written }),
      ...(turned && { turned }),
      ...(scaling && { scaling: { kind: scaling.kind, ...scaling.settings } }),
    },
    cache: scaling?.cache ?? (scaling?.rotations ? "raw-keys" : "rotated-keys"),
    transform: ({ query, key, queryPositions, keyPositions }) => {
      const headSize = query.shape.at(-1) as number;
      const turn = (x: Tensor, positions: Tensor): Tensor => {
        return turnPart(x, ropeRotations(headSize, options, positions, keyPositions), options);
      };
      return { query: turn(query, queryPositions), key: turn(key, keyPositions) };
    },
  });
}

/**
 * Cosines and sines, factor included, for positions [S] or [B, S] of sequences whose keys stand at `keyPositions`: two
 * tensors [1 or B, S, r/2].
 */
export function ropeRotations(
  headSize: number,
  options: RopeOptions,
  positions: Tensor,
  keyPositions: Tensor,
): Rotations {
  const { base = 10_000, scaling } = options;
  const shape = { dimension: rotaryDimensionOf(headSize, options), base };
  if (scaling?.rotations) return mapRotations(scaling.rotations(shape, positions, lengthOf(keyPositions)), overBatch);
  const { frequencies, attentionFactor } = scaledRopeFrequencies(headSize, options, 0);
  const plain = mapRotations(rotationsAt(positions, frequencies), overBatch);
  return attentionFactor === 1 ? plain : mapRotations(plain, (table) => mul(table, attentionFactor));
}

/** The largest position and one more: [K] → [1], [B, K] → [B, 1]. */
function lengthOf(positions: Tensor): Tensor {
  const keys = positions.shape.at(-1) as Dim;
  const largest = isRange(positions)
    ? slice(positions, { 0: [subtractDims(keys, 1), keys] })
    : reduceMax(positions, -1, { keepDims: true });
  return add(largest, 1);
}

/** Turns the coordinates of x [B, H, S, D] that have rotations; the others stay. */
function turnPart(x: Tensor, { cos, sin }: Rotations, options: RopeOptions): Tensor {
  const { read, written } = ordersOf(options);
  const interleaved = written === "interleaved";
  const [size, part] = [x.shape[3] as number, 2 * (cos.shape[2] as number)];
  if (read === written && (options.turned !== "last" || part === size))
    return rotaryEmbedding(x, cos, sin, { interleaved });
  const start = options.turned === "last" ? size - part : 0;
  const inner = reordered(slice(x, { 3: [start, start + part] }), read, written);
  const pieces = [
    slice(x, { 3: [0, start] }),
    rotaryEmbedding(inner, cos, sin, { interleaved }),
    slice(x, { 3: [start + part, size] }),
  ];
  return concat(
    pieces.filter((piece) => piece.shape[3] !== 0),
    3,
  );
}

/** Coordinates [B, H, S, r] of one order in another. */
function reordered(x: Tensor, from: PairOrder, to: PairOrder): Tensor {
  if (from === to) return x;
  const [leading, count] = [x.shape.slice(0, 3), (x.shape[3] as number) / 2];
  const grid = from === "interleaved" ? [count, 2] : [2, count];
  return reshape(transpose(reshape(x, [...leading, ...grid]), [0, 1, 2, 4, 3]), x.shape);
}
