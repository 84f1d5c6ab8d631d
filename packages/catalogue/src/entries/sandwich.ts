import { sandwich } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const sandwichEntry: CatalogueEntry = {
  name: "sandwich",
  aliases: [],
  summary: "scores lowered by the products of sinusoidal positions, by a fixed factor for each head",
  formula: "s_ij = q_i·k_j/√d + (Σ_m cos((i − j)·ω_m) − d̄/2)·H/(8h)",
  tier: 2,
  paper: "arXiv:2212.10356",
  year: 2022,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "reference",
  create: () => sandwich(),
};
