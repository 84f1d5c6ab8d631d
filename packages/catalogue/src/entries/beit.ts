import { beit, gridFor } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const beitEntry: CatalogueEntry = {
  name: "beit",
  aliases: [],
  summary: "Swin's table with three more rows for pairs with the first token",
  formula: "s_ij = q_i·k_j/√d + W[index(i, j), h]",
  tier: 1,
  paper: "arXiv:2106.08254",
  year: 2021,
  attention: "both",
  translationInvariant: false,
  models: ["BEiT", "Data2Vec-Vision"],
  verified: "reference",
  create: ({ trainLength }) => beit(gridFor(trainLength)),
};
