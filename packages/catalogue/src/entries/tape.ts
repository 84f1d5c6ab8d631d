import { tape } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const tapeEntry: CatalogueEntry = {
  name: "tape",
  aliases: [],
  summary: "cosines and sines of RoPE that each layer changes by what a token attends to and is",
  formula:
    "s_ij = (R(e_i)q_i)·(R(e_j)k_j)/√d, e_i ← e_i + w·Σ_j α_ij·e_j, e_i ← e_i + W_down(silu(W_x·x_i) ⊙ W_up·e_i)",
  tier: 3,
  paper: "arXiv:2501.00712",
  year: 2025,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "formula",
  create: () => tape(),
};
