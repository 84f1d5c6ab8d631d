import { gridFor, mixedRope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const mixedRopeEntry: CatalogueEntry = {
  name: "mixed-rope",
  aliases: ["rope-mixed"],
  summary: "pairs turned by trained mixtures of column and row, for each head and layer",
  formula: "s_ij = (R(x_i·ω_x + y_i·ω_y)q)·(R(x_j·ω_x + y_j·ω_y)k)/√d, ω trained",
  tier: 3,
  paper: "arXiv:2403.13298",
  year: 2024,
  attention: "both",
  translationInvariant: false,
  models: [],
  verified: "reference",
  create: ({ trainLength }) => mixedRope({ width: gridFor(trainLength).width }),
};
