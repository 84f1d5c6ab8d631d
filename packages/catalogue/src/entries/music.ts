import { music } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const musicEntry: CatalogueEntry = {
  name: "music",
  aliases: ["music-transformer", "skew"],
  summary: "a trained vector for each distance to earlier keys, for each head, multiplied with queries",
  formula: "s_ij = (q_i·k_j + q_i·E_h[L − 1 − (i − j)])/√d",
  tier: 2,
  paper: "arXiv:1809.04281",
  year: 2018,
  attention: "causal",
  translationInvariant: true,
  models: ["Music Transformer"],
  verified: "reference",
  create: ({ trainLength }) => music({ distances: trainLength, tables: "perHead" }),
};
