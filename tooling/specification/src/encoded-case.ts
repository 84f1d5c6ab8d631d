import { catalogue } from "@relpos/catalogue";
import { gaussian, roundToFloat32 } from "@relpos/conformance/cases";
import {
  concat,
  exactTensor,
  type HostTensor,
  linear,
  positions,
  randomIntegers,
  randomKey,
  reshape,
  runAll,
  slice,
  split,
  type Tensor,
  tensor,
  transpose,
} from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { PositionEncoding } from "@relpos/core/encodings";
import { encodedAttention, encodedScores, mapNamed } from "@relpos/core/nn";
import fc from "fast-check";
import { range } from "./host-numbers.js";
import { movedParameters, namedAs } from "./parameters.js";

/** Sizes of a small attention layer, and the seed of its values. */
export interface LayerSizes {
  readonly batch: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly length: number;
  readonly seed: number;
}

/** Small sizes that every encoding of the catalogue can have. */
export const layerSizes: fc.Arbitrary<LayerSizes> = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  heads: fc.constantFrom(2, 4),
  kvHeads: fc.constantFrom(1, 2),
  headSize: fc.constantFrom(4, 8),
  length: fc.integer({ min: 3, max: 7 }),
  seed: fc.nat(1000),
});

/** A causal attention layer with an encoding: what is not given is random, positions are 0, 1, …. */
export interface EncodedCase extends LayerSizes {
  readonly encoding: PositionEncoding;
  /** The layer's input [batch, length, width] before positions are put in. */
  readonly x?: HostTensor;
  /** Token ids [batch, length]. */
  readonly tokens?: HostTensor;
  readonly positions?: HostTensor;
  /** Default: `true`. */
  readonly causal?: boolean;
  /** How many of the last tokens are queries. Default: all. */
  readonly queries?: number;
  /** Each key head's projection as often as this. Default 1. */
  readonly repeats?: number;
  /** Initial parameters as they are. Default: all moved away from 0 and 1. */
  readonly untouched?: boolean;
}

/** Room for sums over a small layer's values. */
export const layerContext = { length: 100, magnitude: 10 } as const;

/** Every encoding of the catalogue for a short training length, names first. */
export const encodings = (trainLength = 16): readonly (readonly [string, PositionEncoding])[] =>
  Object.entries(catalogue).map(([name, entry]) => [
    name,
    entry.create({ trainLength, causal: true, embeddingDeviation: 1 }),
  ]);

/** The width of a layer's input. */
const widthOf = ({ heads, headSize }: LayerSizes): number => heads * headSize;

/** The layer's random input [batch, length, width]. */
export const inputOf = (sizes: LayerSizes): HostTensor =>
  gaussian([sizes.batch, sizes.length, widthOf(sizes)], `x${sizes.seed}`);

/** Random token ids of bytes, digits among them, [batch, length]. */
export function tokensOf({ batch, length, seed }: LayerSizes): HostTensor {
  return tensor(randomIntegers(randomKey(seed), batch * length, 44, 60), [batch, length], "int32");
}

/** An encoding's initial parameters in 64 bits, moved away from 0 and 1 so that none is without effect. */
export function parametersOf({ encoding, untouched, ...sizes }: EncodedCase): Readonly<Record<string, HostTensor>> {
  const shape = { ...sizes, width: widthOf(sizes), layers: 1 };
  return movedParameters(encoding.parameters?.(shape) ?? {}, sizes.seed, untouched ? 0 : undefined);
}

/** The same parameters for a layer that has each key head as often as asked: what belongs to a key head is repeated. */
function repeatedParameters(given: EncodedCase): Readonly<Record<string, HostTensor>> {
  const { kvHeads, repeats = 1 } = given;
  const own = parametersOf(given);
  const shapes = parametersOf({ ...given, kvHeads: kvHeads * repeats });
  return mapNamed(own, (value, name) => {
    const axis = value.shape.findIndex((size, i) => size !== shapes[name]?.shape[i]);
    if (axis < 0) return value;
    const ofHead = (value.shape[axis] as number) / kvHeads;
    const heads = range(kvHeads * repeats).map((head) => Math.floor(head / repeats));
    return take(
      value,
      axis,
      heads.flatMap((head) => range(ofHead, head * ofHead)),
    );
  });
}

/** What enters softmax [B, H, Q, K] and the layer's output [B, H, Q, D]. */
export interface Encoded {
  readonly scores: HostTensor;
  readonly output: HostTensor;
}

/** A case as a function of its input tensors, and their values, which both float32 and float64 hold. */
export function encodedGraph(given: EncodedCase): {
  readonly inputs: readonly HostTensor[];
  readonly f: (...tensors: readonly Tensor[]) => readonly [scores: Tensor, output: Tensor];
} {
  const { encoding, heads, kvHeads, headSize, length, causal = true, queries = length, repeats = 1 } = given;
  const width = widthOf(given);
  const parameters = repeatedParameters(given);
  const weight = gaussian([(heads + 2 * kvHeads) * headSize, width], `w${given.seed}`);
  const scaled = exactTensor(
    Float64Array.from(weight.data, (value) => value * width ** -0.5),
    weight.shape,
  );
  const inputs = [
    given.x ?? inputOf(given),
    scaled,
    given.positions ?? positions(length),
    given.tokens ?? tokensOf(given),
    ...Object.values(parameters),
  ];
  const f = (...tensors: readonly Tensor[]): readonly [scores: Tensor, output: Tensor] => {
    const [x, projection, at, tokens, ...values] = tensors as readonly [Tensor, Tensor, Tensor, Tensor, ...Tensor[]];
    const own = namedAs(parameters, values);
    const embedded = encoding.embed?.({ parameters: own, x, positions: at, tokens }) ?? x;
    const { batch } = given;
    const all = reshape(linear(embedded, projection), [batch, length, heads + 2 * kvHeads, headSize]);
    const [query, key, value] = split(transpose(all, [0, 2, 1, 3]), [heads, kvHeads, kvHeads], 1) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const last = (axis: number) => ({ [axis]: [length - queries, length] }) as const;
    const queryPositions = slice(at, last(at.rank - 1));
    const state = encoding.state?.({ parameters: own, x: embedded, positions: at, heads });
    const options = {
      encoding,
      parameters: own,
      queryPositions,
      keyPositions: at,
      x: slice(embedded, last(1)),
      state,
      causal,
      scale: headSize ** -0.5,
    };
    const [q, k, v] = [slice(query, last(2)), repeated(key, repeats), repeated(value, repeats)];
    return [encodedScores(q, k, options), encodedAttention(q, k, v, options).output];
  };
  return { inputs: inputs.map(roundToFloat32), f };
}

/** Runs a case. */
export async function encode<T>(backend: Backend<T>, given: EncodedCase): Promise<Encoded> {
  const { inputs, f } = encodedGraph(given);
  const [scores, output] = await runAll(backend, (...tensors) => f(...(tensors as readonly Tensor[])), ...inputs);
  return { scores: scores as HostTensor, output: output as HostTensor };
}

/** Each head as often as asked, side by side. */
function repeated(x: Tensor, times: number): Tensor {
  const heads = range((x.shape[1] as number) * times).map((index) => Math.floor(index / times));
  return times === 1
    ? x
    : concat(
        heads.map((head) => slice(x, { 1: [head, head + 1] })),
        1,
      );
}

/** Scores [..., Q, K] with 0 where a causal query, one of the last, does not see the key. */
export function visible(scores: HostTensor): HostTensor {
  const [queries, keys] = scores.shape.slice(-2) as [number, number];
  const data = scores.data.map((value, index) => {
    return (index % keys) - (Math.floor(index / keys) % queries) > keys - queries ? 0 : value;
  });
  return { ...scores, data };
}

/** Elements of some places of an axis, in their order. */
export function take(value: HostTensor, axis: number, places: readonly number[]): HostTensor {
  const size = value.shape[axis] as number;
  const inner = value.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = value.data.length / (size * inner);
  const data = Array.from({ length: outer }, (_, block) =>
    places.flatMap((place) => {
      const start = (block * size + place) * inner;
      return [...value.data.subarray(start, start + inner)];
    }),
  ).flat();
  const shape = value.shape.map((whole, i) => (i === axis ? places.length : whole));
  return value.dtype === "float32" ? exactTensor(data, shape) : tensor(data, shape, value.dtype);
}
