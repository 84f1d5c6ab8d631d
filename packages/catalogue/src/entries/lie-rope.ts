import { lieRope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const lieRopeEntry: CatalogueEntry = {
  name: "lie-rope",
  aliases: ["liere"],
  summary: "queries and keys multiplied by the exponential of a trained skew matrix times the position",
  formula: "s_ij = (e^(p_i·A)q_i)·(e^(p_j·A)k_j)/√d, A = U − Uᵀ trained",
  tier: 3,
  paper: "arXiv:2406.10322",
  year: 2024,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "formula",
  create: ({ trainLength }) => lieRope({ extent: trainLength }),
};
