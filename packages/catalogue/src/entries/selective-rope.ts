import { selectiveRope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const selectiveRopeEntry: CatalogueEntry = {
  name: "selective-rope",
  aliases: [],
  summary: "pairs turned on at every token by angles made from it",
  formula: "s_ij = (R(Φ_i ⊙ ω)q_i)·(R(Φ_j ⊙ ω)k_j)/√d, Φ_t = Σ_{τ≤t} conv₄(W_up·W_down·x̂)_τ",
  tier: 3,
  paper: "arXiv:2511.17388",
  year: 2025,
  attention: "causal",
  translationInvariant: true,
  models: [],
  verified: "formula",
  create: () => selectiveRope(),
};
