import { fox } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const foxEntry: CatalogueEntry = {
  name: "fox",
  aliases: ["forgetting-attention", "forgetting-transformer"],
  summary: "scores lowered by forget gates between key and query, which are computed from the input",
  formula: "s_ij = q_i·k_j/√d + Σ_{t=j+1}^{i} ln σ(W·x_t + b)",
  tier: 2,
  paper: "arXiv:2503.02130",
  year: 2025,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "reference",
  create: ({ causal }) => fox({ bidirectional: !causal }),
};
