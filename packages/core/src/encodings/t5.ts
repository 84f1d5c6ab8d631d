import { check } from "../errors.js";
import { normal } from "../nn/parameters.js";
import { add, constant, gather, maximum, minimum, mul } from "../primitives/operations.js";
import { tensor } from "../tensor/host-tensor.js";
import { biasByDistance } from "./distance-bias.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";

export interface T5Options {
  /** Whether later keys have buckets of their own, as in encoders. Default `false`. */
  readonly bidirectional?: boolean;
  /** Number of buckets. Default 32. */
  readonly buckets?: number;
  /** Distance from which on all keys share the last bucket. Default 128. */
  readonly maximumDistance?: number;
  /** One table for the model, as in T5, or one for each layer, as in umT5. Default "model". */
  readonly scope?: "model" | "layer";
  /** What the bias is multiplied by: √d in x-transformers, 1/√d in LayoutLMv3. Default 1. */
  readonly factor?: number;
}

/**
 * Bucket of a relative position key − query: exact for near keys, logarithmic up to the maximum distance, one for all
 * farther ones.
 *
 * Agrees with `T5Attention._relative_position_bucket` of Hugging Face, whose logarithm is taken in float32 as here.
 */
export function t5Bucket(relative: number, options: T5Options = {}): number {
  const { bidirectional = false, maximumDistance = 128 } = options;
  const buckets = bidirectional ? (options.buckets ?? 32) / 2 : (options.buckets ?? 32);
  const side = bidirectional && relative > 0 ? buckets : 0;
  const distance = bidirectional ? Math.abs(relative) : Math.max(-relative, 0);
  const exact = Math.floor(buckets / 2);
  if (distance < exact) return side + distance;
  const position = Math.fround(
    Math.fround(Math.log(distance / exact)) / Math.fround(Math.log(maximumDistance / exact)),
  );
  return side + Math.min(exact + Math.trunc(Math.fround(position * (buckets - exact))), buckets - 1);
}

/**
 * A trained bias for each head and bucket of distances: b_h(i, j) = W[bucket(j − i), h].
 *
 * Raffel et al., arXiv:1910.10683. T5 does not scale its products by 1/√d; the model's `scale` decides that.
 */
export function t5(options: T5Options = {}): EncodingWith<"bias" | "parameters", "weight"> {
  const { bidirectional = false, buckets = 32, maximumDistance = 128, scope = "model", factor = 1 } = options;
  const sides = bidirectional ? 2 : 1;
  check(Number.isInteger(buckets) && buckets >= 2 * sides && buckets % sides === 0, "t5", () => {
    return `number of buckets must be ${bidirectional ? "even and at least 4" : "at least 2"}, got ${buckets}`;
  });
  check(
    maximumDistance > buckets / 2,
    "t5",
    () => `maximum distance must be above ${buckets / 2}, got ${maximumDistance}`,
  );
  const table = Int32Array.from({ length: 2 * maximumDistance + 1 }, (_, index) =>
    t5Bucket(index - maximumDistance, options),
  );
  return defineEncoding({
    kind: "t5",
    settings: { bidirectional, buckets, maximumDistance, scope, factor },
    cache: "rotated-keys",
    scope,
    parameters: ({ heads, width }) => ({
      weight: { shape: [buckets, heads], initialize: normal(width ** -0.5), decay: false },
    }),
    bias: ({ parameters, query, key, heads }) => {
      const columns = parameters.weight.shape[1];
      check(columns === heads, "t5", () => `the table must have a column for each of ${heads} heads, got ${columns}`);
      return biasByDistance({ query, key }, (distances) => {
        const clamped = maximum(minimum(distances, maximumDistance), -maximumDistance);
        const bucket = gather(constant(tensor(table, [table.length], "int32")), add(clamped, maximumDistance));
        const values = gather(parameters.weight, bucket);
        return factor === 1 ? values : mul(values, factor);
      });
    },
  });
}
