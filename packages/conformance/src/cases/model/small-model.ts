import { exactTensor, type HostTensor, randomIntegers, randomKey, tensor } from "@relpos/core";
import { initializeParameters, mapNamed, type Named, type Transformer } from "@relpos/core/nn";
import { roundToFloat32 } from "../random-tensors.js";

/** Sizes of a model that is small enough to be computed in float64 many times. */
export const smallSizes = { vocabulary: 11, layers: 2, width: 8, heads: 2, feedForward: 12, initialDeviation: 0.5 };

/** Room for the sums inside such a model. */
export const modelContext = { length: 100, magnitude: 10 } as const;

/** Initial weights moved away from 0 and 1, so that none is without effect. */
export function movedWeights(model: Transformer, seed = 3): Named<HostTensor> {
  return mapNamed(initializeParameters(model.parameters, seed), ({ data, shape }) => {
    const moved = Float64Array.from(data, (value, i) => value + 0.05 * Math.sin(i + 1));
    return roundToFloat32(exactTensor(moved, shape));
  });
}

/** Random token ids [batch, length]. */
export function randomTokens(batch: number, length: number, seed: number | string = 0): HostTensor {
  const ids = randomIntegers(randomKey(seed), batch * length, 0, smallSizes.vocabulary);
  return tensor(ids, [batch, length], "int32");
}

/** Tensors by the names of the weights. */
export function byName<T>(weights: Named<HostTensor>, tensors: readonly T[]): Named<T> {
  return Object.fromEntries(Object.keys(weights).map((name, index) => [name, tensors[index] as T]));
}

/** Types of inputs that hold values. */
export const typesOf = (values: readonly HostTensor[]) => values.map(({ shape, dtype }) => ({ shape, dtype }));
