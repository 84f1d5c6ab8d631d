import { drope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const dropeEntry: CatalogueEntry = {
  name: "drope",
  aliases: ["dropped-rope"],
  summary: "RoPE in training, then none; here its second phase, for weights that were trained with RoPE",
  formula: "s_ij = (R(i)q_i)·(R(j)k_j)/√d in training, then τ·q_i·k_j/√d",
  tier: 3,
  paper: "arXiv:2512.12167",
  year: 2025,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "formula",
  create: () => drope({ phase: "recalibration" }),
};
