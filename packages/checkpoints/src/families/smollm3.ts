import { none, type PositionEncoding } from "@relpos/core/encodings";
import { rotary } from "../config/rope.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";
import { llamaNames, llamaOptions, ropeOnSome, windowsByLayer } from "./llama.js";

/** Llama without positions in every fourth layer. */
export const smollm3: Family = (config, task) =>
  decoder(config, task, {
    prefix: "model.",
    table: llamaNames,
    transformer: {
      ...llamaOptions(config),
      attentionBias: config.flag("attention_bias"),
      feedForwardBias: config.flag("mlp_bias"),
      position: ropeOnSome<PositionEncoding>(config, rotary(config), none()),
      window: windowsByLayer(config),
    },
  });
