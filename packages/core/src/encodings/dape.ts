import { check } from "../errors.js";
import { type ParameterSpecs, prefixed, scoped, uniform } from "../nn/parameters.js";
import { add, cast, concat, expand, matMul, maximum, mul, pad, reshape, slice } from "../primitives/operations.js";
import { addDims, type Dim, multiplyDims } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { alibi } from "./alibi.js";
import { defineEncoding, type EncodingWith, type PositionEncoding } from "./encoding.js";

export interface DapeOptions {
  /** The encoding whose bias is adapted. Default `alibi()`. */
  readonly base?: PositionEncoding;
  /** Keys that the convolution sees at once: 1 in version 1, 3 in version 2. Default 1. */
  readonly kernel?: number;
  /** Number of hidden channels. Default 32. */
  readonly hidden?: number;
  /**
   * Which convolutions see zeros for keys that may not be seen, with a kernel above 1. "first" is the authors' code: its
   * last row then depends on how many keys follow, so that decoding with a cache differs. Default "every".
   */
  readonly masked?: "every" | "first";
}

/**
 * Data-adaptive position encoding: a small network over heads (and neighbouring keys) corrects scores and bias together.
 *
 * s' = S + B + W₂·LeakyReLU(W₁·[S; B] + b₁) + b₂ for each query and key, S scaled scores and B the base's bias of all
 * heads; version 2 convolves along the keys. Zheng et al., arXiv:2405.14722 and arXiv:2410.04798. Agrees with
 * `AliBi_DAPE` and, with `masked: "first"`, with `Alibi_DAPEV2` of the authors' code; weights are stored
 * [out, in, kernel]. Takes `hidden` numbers for each query and key.
 */
export function dape(options: DapeOptions = {}): EncodingWith<"scores" | "parameters", string> {
  const { base = alibi(), kernel = 1, hidden = 32, masked = "every" } = options;
  check(Number.isInteger(kernel) && kernel % 2 === 1, "dape", () => `kernel must be odd, got ${kernel}`);
  check(base.bias, "dape", () => `base must have a bias, got ${base.kind}`);
  const bias = base.bias;
  return defineEncoding<string, EncodingWith<"scores" | "parameters", string>>({
    kind: kernel === 1 ? "dape" : "dape-v2",
    settings: { base: { kind: base.kind, settings: base.settings }, kernel, hidden, masked },
    cache: base.cache,
    maximumPositions: base.maximumPositions,
    scope: "layer",
    parameters: (shape) => ({
      ...prefixed("base", base.parameters?.(shape) ?? {}),
      ...convolutionSpecs("first", 2 * shape.heads, hidden, kernel),
      ...convolutionSpecs("second", hidden, shape.heads, kernel),
    }),
    scores: ({ query, queryPositions, keyPositions, parameters, products, allowed }) => {
      const scores = products();
      const pair = { query: queryPositions, key: keyPositions, heads: query.shape[1] as number };
      const added = expand(bias({ ...pair, parameters: scoped("base", parameters) }), scores.shape);
      const seen = (x: Tensor): Tensor => (kernel > 1 && allowed ? mul(x, cast(allowed, x.dtype)) : x);
      const both = seen(concat([scores, added], 1));
      const inner = convolve(both, scoped("first", parameters));
      const active = maximum(inner, mul(inner, 0.01));
      return add(
        add(scores, added),
        convolve(masked === "every" ? seen(active) : active, scoped("second", parameters)),
      );
    },
  });
}

function convolutionSpecs(name: string, inputs: number, outputs: number, kernel: number): ParameterSpecs {
  const initialize = uniform((inputs * kernel) ** -0.5);
  return prefixed(name, {
    weight: { shape: [outputs, inputs, kernel], initialize },
    bias: { shape: [outputs], initialize, decay: false },
  });
}

/** Convolution along keys with zeros at both ends: [B, in, Q, K] → [B, out, Q, K]; weight [out, in, kernel]. */
function convolve(x: Tensor, { weight, bias }: Readonly<Record<string, Tensor>>): Tensor {
  const [outputs, inputs, kernel] = (weight as Tensor).shape as readonly [number, number, number];
  const [batch, , queries, keys] = x.shape as readonly [Dim, Dim, Dim, Dim];
  const pairs = multiplyDims(queries, keys);
  const around = pad(x, { 3: [(kernel - 1) / 2, (kernel - 1) / 2] });
  const shifted = Array.from({ length: kernel }, (_, shift) => {
    return reshape(slice(around, { 3: [shift, addDims(keys, shift)] }), [batch, inputs, 1, pairs]);
  });
  const columns = reshape(concat(shifted, 2), [batch, inputs * kernel, pairs]);
  const sums = matMul(reshape(weight as Tensor, [outputs, inputs * kernel]), columns);
  return reshape(add(sums, reshape(bias as Tensor, [outputs, 1])), [batch, outputs, queries, keys]);
}
