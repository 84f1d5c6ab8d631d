import { wall } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const wallEntry: CatalogueEntry = {
  name: "wall",
  aliases: ["wall-attention"],
  summary: "each channel of a key decays on its own until it meets the query, by gates computed from the input",
  formula: "s_ij = Σ_n q_in·k_jn·e^(P_in − P_jn)/√d, P_i = Σ_{t≤i} ln σ(W·x_t + b)",
  tier: 3,
  paper: "Tilde Research, 2026",
  year: 2026,
  attention: "causal",
  translationInvariant: true,
  models: [],
  verified: "formula",
  create: () => wall(),
};
