import { cope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const copeEntry: CatalogueEntry = {
  name: "cope",
  aliases: ["contextual-position-encoding"],
  summary: "distances count only tokens that a gate of query and key lets count; a trained vector for each",
  formula: "s_ij = q_i·k_j/√d + q_i·e[Σ_{t=j}^{i} σ(q_i·k_t/√d)]",
  tier: 2,
  paper: "arXiv:2405.18719",
  year: 2024,
  attention: "causal",
  translationInvariant: true,
  models: [],
  verified: "reference",
  create: ({ trainLength }) => cope({ positions: Math.min(64, trainLength) }),
};
