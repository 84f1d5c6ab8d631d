import { tupe } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const tupeEntry: CatalogueEntry = {
  name: "tupe",
  aliases: ["untied-positions"],
  summary: "scores of positions with projections of their own, beside those of words",
  formula: "s_ij = (x_i·W^Q)·(x_j·W^K)/√(2d) + (p_i·U^Q)·(p_j·U^K)/√(2d)",
  tier: 2,
  paper: "arXiv:2006.15595",
  year: 2020,
  attention: "both",
  translationInvariant: false,
  models: [],
  verified: "formula",
  create: ({ trainLength }) => tupe({ maximumPositions: trainLength }),
};
