import { selfExtend } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const selfExtendEntry: CatalogueEntry = {
  name: "self-extend",
  aliases: ["longlm"],
  summary: "rotary positions, grouped beyond a window",
  formula: "s_ij = (R(i)q_i)·(R(j)k_j)/√d for i − j < w, else (R(⌊i/G⌋ + w − w/G)q_i)·(R(⌊j/G⌋)k_j)/√d",
  tier: 2,
  paper: "arXiv:2401.01325",
  year: 2024,
  attention: "causal",
  translationInvariant: false,
  models: [],
  verified: "reference",
  create: ({ trainLength }) => selfExtend({ group: 4, window: Math.max(1, Math.floor(trainLength / 4)) }),
};
