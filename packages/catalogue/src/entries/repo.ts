import { repo } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const repoEntry: CatalogueEntry = {
  name: "repo",
  aliases: ["re-positioning"],
  summary: "rotary embedding at real positions that each head makes from the token",
  formula: "s_ij = (R(p_i·ω)q_i)·(R(p_j·ω)k_j)/√d, p_t = W_o(SiLU(W_g·x_t) ⊙ W_c·x_t)",
  tier: 3,
  paper: "arXiv:2512.14391",
  year: 2025,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "formula",
  create: () => repo(),
};
