import { stringRope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const stringRopeEntry: CatalogueEntry = {
  name: "string",
  aliases: ["circulant-string", "string-rope"],
  summary: "rotations in the planes of a trained circulant matrix",
  formula: "s_ij = q_i·e^((j − i)·L)k_j/√d, L = C − Cᵀ with C circulant and trained",
  tier: 3,
  paper: "arXiv:2502.02562",
  year: 2025,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "formula",
  create: () => stringRope(),
};
