import { gatedT5 } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const gatedT5Entry: CatalogueEntry = {
  name: "gated-t5",
  aliases: ["wavlm", "gated-relative-bias"],
  summary: "T5's buckets, for each query times a factor from its layer's input",
  formula: "s_ij = q_i·k_j/√d + (a·(b·c_h − 1) + 2)·W[bucket(j − i), h]",
  tier: 2,
  paper: "arXiv:2110.13900",
  year: 2021,
  attention: "both",
  translationInvariant: true,
  models: ["WavLM", "XLM-E"],
  verified: "reference",
  create: ({ causal }) => gatedT5({ bidirectional: !causal, buckets: 32, maximumDistance: 128 }),
};
