import type { Model } from "@relpos/checkpoints";
import { check, type Dim, expand, gatherElements, reshape } from "@relpos/core";
import type { PositionEncoding } from "@relpos/core/encodings";
import { supportsCache, transformer } from "@relpos/core/nn";

/** A small decoder as a checkpoint would give it. */
export function decoderModel(position: PositionEncoding, vocabulary: number, width = 16, deviation = 0.5): Model {
  const main = transformer({
    vocabulary,
    layers: 2,
    width,
    heads: 4,
    kvHeads: 2,
    feedForward: 1.5 * width,
    initialDeviation: deviation,
    position,
  });
  return {
    task: "causal-lm",
    parameters: main.parameters,
    inputs: ["input_ids", "logits_positions"],
    cache: { layers: 2, kvHeads: 2, headSize: width / 4, hasRoom: supportsCache(position) },
    apply: (weights, { input_ids: tokens, logits_positions: at }, past) => {
      check(tokens, "forward", () => "input_ids must be given");
      const { hidden, present } = main.decode(weights, { tokens, past });
      const [batch, , width] = hidden.shape as readonly [Dim, Dim, number];
      const wanted = at && gatherElements(hidden, expand(reshape(at, [batch, 1, 1]), [batch, 1, width]), 1);
      return { outputs: { logits: main.head(weights, wanted ?? hidden) }, present };
    },
  };
}
