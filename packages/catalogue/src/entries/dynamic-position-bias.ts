import { dynamicPositionBias } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const dynamicPositionBiasEntry: CatalogueEntry = {
  name: "dynamic-position-bias",
  aliases: ["continuous-position-bias", "cpb"],
  summary: "a trained network of the distance gives a bias for each head",
  formula: "s_ij = q_i·k_j/√d + MLP(sign(n)·ln(|n| + 1))_h, n = i − j",
  tier: 2,
  paper: "arXiv:2108.00154",
  year: 2021,
  attention: "both",
  translationInvariant: true,
  models: ["CrossFormer"],
  verified: "reference",
  create: () => dynamicPositionBias({ distance: "log" }),
};
