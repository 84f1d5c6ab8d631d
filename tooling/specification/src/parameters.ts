import type { HostTensor, Tensor } from "@relpos/core";
import { initializeParameters, mapNamed, type Named, type ParameterSpecs } from "@relpos/core/nn";
import { mapped } from "./host-numbers.js";

/** Initial parameters in 64 bits, each moved away from 0 and 1 by up to an amount, so that none is without effect. */
export function movedParameters(specs: ParameterSpecs, seed: number, by = 0.05): Named<HostTensor> {
  return mapNamed(initializeParameters(specs, seed), (value) => mapped(value, (x, i) => x + by * Math.sin(i + 1)));
}

/** Tensors by the names of what they stand for, in its order. */
export function namedAs(parameters: Named<unknown>, tensors: readonly unknown[]): Named<Tensor> {
  return Object.fromEntries(Object.keys(parameters).map((name, index) => [name, tensors[index] as Tensor]));
}
