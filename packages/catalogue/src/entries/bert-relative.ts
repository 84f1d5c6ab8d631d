import { bertRelative } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

const entry = {
  tier: 2,
  attention: "both",
  translationInvariant: true,
  verified: "reference",
} as const;

export const relativeKeyEntry: CatalogueEntry = {
  ...entry,
  name: "relative-key",
  aliases: ["relative_key"],
  summary: "a trained vector for each distance, multiplied with queries",
  formula: "s_ij = (q_i·k_j + q_i·e_{i−j})/√d",
  paper: "arXiv:1803.02155",
  year: 2018,
  models: ["BERT (position_embedding_type)", "ESM"],
  create: ({ trainLength }) => bertRelative({ maximumPositions: trainLength }),
};

export const relativeKeyQueryEntry: CatalogueEntry = {
  ...entry,
  name: "relative-key-query",
  aliases: ["relative_key_query"],
  summary: "a trained vector for each distance, multiplied with queries and with keys",
  formula: "s_ij = (q_i·k_j + q_i·e_{i−j} + k_j·e_{i−j})/√d",
  paper: "arXiv:2009.13658",
  year: 2020,
  models: ["BERT (position_embedding_type)"],
  create: ({ trainLength }) => bertRelative({ maximumPositions: trainLength, type: "relative_key_query" }),
};
