import { type ParameterSpecs, uniformBetween } from "../nn/parameters.js";
import {
  abs,
  add,
  cast,
  exp,
  log,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  reshape,
  stopGradient,
  sub,
} from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { biasByDistance } from "./distance-bias.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";

export type KerpleKernel = keyof typeof kernels;

export interface KerpleOptions {
  /** −p·ln(1 + a·n), −a·n^p, or −a·n, which is ALiBi with trained slopes. Default "log". */
  readonly kernel?: KerpleKernel;
  /** What scores are multiplied by before the bias is added: exp(−a′·n^p′). Default: nothing. */
  readonly weight?: "power";
}

/** The least value of any parameter, and the largest exponent: the authors' `eps` and `max`. */
const least = 0.01;
const mostExponent = 2;

/** A parameter of each head: the bounds that it is held in, and the upper end of its initial values. */
interface Part {
  readonly most: number;
  readonly initial: number;
}

const factor: Part = { most: Number.POSITIVE_INFINITY, initial: 1 };
const logFactor: Part = { most: Number.POSITIVE_INFINITY, initial: 2 };
const exponent: Part = { most: mostExponent, initial: 2 };

interface Kernel {
  readonly parts: Readonly<Record<string, Part>>;
  /** The positive kernel of distances n [..., 1] with parameters [H]: [..., H]. */
  value(distance: Tensor, part: (name: string) => Tensor): Tensor;
}

const kernels = {
  log: {
    parts: { p: logFactor, a: factor },
    value: (distance, part) => mul(part("p"), log(add(mul(distance, part("a")), 1))),
  },
  power: {
    parts: { a: factor, p: exponent },
    value: (distance, part) => mul(part("a"), pow(distance, part("p"))),
  },
  linear: {
    parts: { a: factor },
    value: (distance, part) => mul(distance, part("a")),
  },
} as const satisfies Readonly<Record<string, Kernel>>;

/**
 * Kernelized relative positions: scores fall by a trained, conditionally positive definite kernel of the distance.
 *
 * b_h(i, j) = −p_h·ln(1 + a_h·|i − j|), or −a_h·|i − j|^p_h; with `weight` the products are multiplied by
 * exp(−a′_h·|i − j|^p′_h). Chi et al., arXiv:2205.09921 (there r₁ = p or a, r₂ = a or p). Symmetric in the sign of
 * the distance. Agrees with the authors' code, which gives keys above the diagonal distance 0 and never shows them.
 * Parameters below 0.01 and exponents above 2 are held there, and gradients pass as if they were not; the authors'
 * code overwrites such a parameter, here it keeps its value.
 */
export function kerple(options: KerpleOptions = {}): EncodingWith<"bias" | "parameters", string> {
  const { kernel = "log", weight } = options;
  return defineEncoding<string>({
    kind: `kerple-${kernel}`,
    settings: { kernel, weight },
    cache: "rotated-keys",
    parameters: ({ heads }) => ({
      ...specs(kernels[kernel], "", heads),
      ...(weight && specs(kernels[weight], "weight.", heads)),
    }),
    bias: ({ parameters, query, key }) => {
      return neg(biasByDistance({ query, key }, kernelOf(kernels[kernel], "", parameters)));
    },
    ...(weight && {
      scores: ({ parameters, queryPositions, keyPositions, products }) => {
        const at = { query: queryPositions, key: keyPositions };
        const decay = kernelOf(kernels[weight], "weight.", parameters);
        return mul(
          products(),
          biasByDistance(at, (distances) => exp(neg(decay(distances)))),
        );
      },
    }),
  }) as EncodingWith<"bias" | "parameters", string>;
}

function specs({ parts }: Kernel, prefix: string, heads: number): ParameterSpecs {
  const entries = Object.entries(parts).map(([name, { initial }]) => {
    return [`${prefix}${name}`, { shape: [heads], initialize: uniformBetween(0, initial), decay: false }] as const;
  });
  return Object.fromEntries(entries);
}

function kernelOf({ parts, value }: Kernel, prefix: string, parameters: Readonly<Record<string, Tensor>>) {
  const part = (name: string): Tensor => held(parameters[`${prefix}${name}`] as Tensor, (parts[name] as Part).most);
  return (distances: Tensor): Tensor => value(reshape(cast(abs(distances), "float32"), [...distances.shape, 1]), part);
}

/** A parameter held to its bounds outside of differentiation: the value is bounded, the gradient passes straight. */
function held(x: Tensor, most: number): Tensor {
  const low = maximum(x, least);
  const bounded = Number.isFinite(most) ? minimum(low, most) : low;
  return add(x, stopGradient(sub(bounded, x)));
}
