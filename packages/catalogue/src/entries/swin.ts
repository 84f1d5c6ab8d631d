import { gridFor, swin } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const swinEntry: CatalogueEntry = {
  name: "swin",
  aliases: ["window-table"],
  summary: "a trained bias for each head and difference of rows and columns; the text is laid out as a square",
  formula: "s_ij = q_i·k_j/√d + W[Δrow, Δcolumn, h], Δ = i − j on the grid",
  tier: 1,
  paper: "arXiv:2103.14030",
  year: 2021,
  attention: "both",
  translationInvariant: false,
  models: ["Swin", "LeViT", "MaxViT"],
  verified: "reference",
  create: ({ trainLength }) => swin(gridFor(trainLength)),
};
