import { contextualGrapeM, grapeM } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const grapeMEntry: CatalogueEntry = {
  name: "grape-m",
  aliases: ["grape-multiplicative"],
  summary: "rotary embedding with trained frequencies",
  formula: "s_ij = (R(i·θ)q_i)·(R(j·θ)k_j)/√d, θ_m = e^(a_m) trained",
  tier: 3,
  paper: "arXiv:2512.07805",
  year: 2025,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "formula",
  create: () => grapeM(),
};

export const contextualGrapeMEntry: CatalogueEntry = {
  name: "grape-m-contextual",
  aliases: ["grape-m-ctx"],
  summary: "rotary embedding at sums of trained steps, one from each token",
  formula: "s_ij = (R(Φ_i·θ)q_i)·(R(Φ_j·θ)k_j)/√d, Φ_t = Σ_{τ<t} softplus(w·x_τ + b)",
  tier: 3,
  paper: "arXiv:2512.07805",
  year: 2025,
  attention: "causal",
  translationInvariant: true,
  models: [],
  verified: "formula",
  create: () => contextualGrapeM(),
};
