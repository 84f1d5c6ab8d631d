import { retention } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const retentionEntry: CatalogueEntry = {
  name: "retention",
  aliases: ["retnet"],
  summary: "scores without softmax that fall exponentially with the distance, normalized for each head",
  formula: "o_i = norm(Σ_j (q_i·k_j/√d)·γ_h^(i − j)·v_j), γ_h = 1 − 2^(−5−h)",
  tier: 2,
  paper: "arXiv:2307.08621",
  year: 2023,
  attention: "both",
  translationInvariant: true,
  models: ["RetNet"],
  verified: "formula",
  create: () => retention(),
};
