import { fire } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const fireEntry: CatalogueEntry = {
  name: "fire",
  aliases: [],
  summary: "a trained network of the distance as a share of the query's position",
  formula: "s_ij = q_i·k_j/√d + f_θ(ψ(i − j)/ψ(max(i, L)))_h, ψ(x) = ln(|c·x| + 1)",
  tier: 2,
  paper: "arXiv:2310.04418",
  year: 2023,
  attention: "both",
  translationInvariant: false,
  models: [],
  verified: "reference",
  create: () => fire(),
};
