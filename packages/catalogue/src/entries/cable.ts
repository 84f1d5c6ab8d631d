import { cable } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const cableEntry: CatalogueEntry = {
  name: "cable",
  aliases: ["context-aware-biases"],
  summary: "each token lowers the scores of all keys before it, by an amount of its own for each head",
  formula: "s_ij = q_i·k_j/√d − Σ_{t=j+1}^{i} softplus(W·x_t + b)",
  tier: 3,
  paper: "arXiv:2503.08067",
  year: 2025,
  attention: "causal",
  translationInvariant: true,
  models: [],
  verified: "formula",
  create: () => cable(),
};
