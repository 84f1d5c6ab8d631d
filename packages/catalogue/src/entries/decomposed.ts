import { decomposed, gridFor } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const decomposedEntry: CatalogueEntry = {
  name: "decomposed-2d",
  aliases: ["mvitv2", "sam"],
  summary: "products of the query with trained vectors for differences of rows and of columns",
  formula: "s_ij = q_i·k_j/√d + q_i·R^row[Δrow] + q_i·R^col[Δcolumn]",
  tier: 2,
  paper: "arXiv:2112.01526",
  year: 2021,
  attention: "both",
  translationInvariant: false,
  models: ["MViTv2", "ViTDet", "SAM"],
  verified: "formula",
  create: ({ trainLength }) => decomposed(gridFor(trainLength)),
};
