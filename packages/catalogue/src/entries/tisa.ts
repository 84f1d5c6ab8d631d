import { tisa } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const tisaEntry: CatalogueEntry = {
  name: "tisa",
  aliases: ["translation-invariant-self-attention"],
  summary: "a trained sum of bell curves of the distance for each head",
  formula: "s_ij = q_i·k_j/√d + Σ_s a_s·exp(−|b_s|·(j − i − c_s)²)",
  tier: 3,
  paper: "arXiv:2106.01950",
  year: 2021,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "formula",
  create: () => tisa(),
};
