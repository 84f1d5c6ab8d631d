import { hope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const hopeEntry: CatalogueEntry = {
  name: "hope",
  aliases: ["high-frequency-rope"],
  summary: "rotary embedding without the pairs that are too slow to turn once in training",
  formula: "RoPE with ω_m = 0 where ω_m < 2π/L",
  tier: 3,
  paper: "arXiv:2410.21216",
  year: 2024,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "formula",
  create: ({ trainLength }) => hope({ trainLength }),
};
