import { addToScores, concat, type Dim, expand, reshape, slice, softmax } from "@relpos/core";
import { defineEncoding, type EncodingWith } from "@relpos/core/encodings";
import { zeros } from "@relpos/core/nn";

/**
 * A trained score for each head beside those of the keys, whose share of attention goes nowhere: gpt-oss.
 *
 * α_ij = exp(s_ij) / (exp(sink_h) + Σ_j exp(s_ij)). OpenAI, arXiv:2508.10925; agrees with transformers' `GptOssAttention`.
 */
export function attentionSinks(): EncodingWith<"weights" | "parameters", "sinks"> {
  return defineEncoding({
    kind: "attention-sinks",
    settings: {},
    cache: "rotated-keys",
    scope: "layer",
    parameters: ({ heads }) => ({ sinks: { shape: [heads], initialize: zeros, decay: false } }),
    weights: ({ parameters: { sinks }, scores, allowed }) => {
      const [batch, heads, queries, keys] = scores.shape as readonly [Dim, number, Dim, Dim];
      const sink = expand(reshape(sinks, [1, heads, 1, 1]), [batch, heads, queries, 1]);
      const weights = softmax(concat([addToScores(scores, undefined, allowed), sink], 3));
      return slice(weights, { 3: [0, keys] });
    },
  });
}
