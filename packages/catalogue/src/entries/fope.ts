import { fope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const fopeEntry: CatalogueEntry = {
  name: "fope",
  aliases: ["fourier"],
  summary: "pairs turned by trained mixtures of frequencies; those too slow for the training length stay",
  formula: "cos_d(t) = Σ_n C_nd·cos(t·ω_n), sin_d(t) = Σ_n S_nd·sin(t·ω_n) for ω_n > 2π/L, else 1 and 0",
  tier: 3,
  paper: "arXiv:2412.17739",
  year: 2024,
  attention: "both",
  translationInvariant: false,
  models: [],
  verified: "formula",
  create: ({ trainLength }) => fope({ trainLength }),
};
