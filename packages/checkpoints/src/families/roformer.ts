import { rotary } from "../config/rope.js";
import { tableRope } from "../model/table-rope.js";
import { tensor } from "../weights/weight-table.js";
import { bertMaskedHead, bertNames, bertOptions } from "./bert.js";
import { classifierHead, encoder, type Heads, plainHeads } from "./encoder.js";
import type { Family } from "./family.js";

/** RoFormer: BERT with rotary embeddings on interleaved pairs, by the file's table. */
export const roformer: Family = (config, task) => {
  const options = bertOptions(config);
  config.only("embedding_size", options.width);
  config.only("rotary_value", false);
  const heads: Heads = {
    ...plainHeads,
    "masked-lm": bertMaskedHead(options),
    "sequence-classification": classifierHead(
      { dense: "classifier.dense", output: "classifier.out_proj" },
      options.activation ?? "gelu",
    ),
  };
  return encoder(config, task, {
    prefix: "roformer.",
    table: {
      ...bertNames("roformer."),
      "position.table-rope.table": tensor("roformer.encoder.embed_positions.weight"),
    },
    heads,
    transformer: {
      ...options,
      // A scaling is computed, as the table was.
      position:
        config.fields.rope_parameters === undefined
          ? tableRope(config.count("max_position_embeddings", 1536))
          : rotary(config, { interleaved: true }),
    },
  });
};
