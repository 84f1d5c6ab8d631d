import { deberta } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

const entry = {
  tier: 1,
  attention: "both",
  translationInvariant: true,
  verified: "reference",
} as const;

export const debertaEntry: CatalogueEntry = {
  ...entry,
  name: "deberta",
  aliases: ["disentangled", "deberta-v1"],
  summary: "queries with vectors of distances and keys with others, beside queries with keys",
  formula: "s_ij = [q_i·k_j + q_i·K^r_δ + k_j·Q^r_δ]/√(3d), δ = clip(i − j + k, 0, 2k − 1)",
  paper: "arXiv:2006.03654",
  year: 2020,
  models: ["DeBERTa"],
  create: ({ trainLength }) => deberta({ span: trainLength, buckets: "none" }),
};

export const debertaV2Entry: CatalogueEntry = {
  ...entry,
  name: "deberta-v2",
  aliases: ["deberta-v3"],
  summary: "DeBERTa with logarithmic buckets of distances",
  formula: "s_ij = [q_i·k_j + q_i·K^r_δ + k_j·Q^r_δ]/√(3d), δ = clip(bucket(i − j) + B, 0, 2B − 1)",
  paper: "arXiv:2111.09543",
  year: 2021,
  models: ["DeBERTa-v2", "DeBERTa-v3", "mDeBERTa"],
  // 256 buckets to distance 512 at the published length 512.
  create: ({ trainLength }) => {
    const span = Math.max(4, 2 * Math.floor(trainLength / 4));
    return deberta({ span, maximumDistance: 2 * span });
  },
};
