import { stickBreaking } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const stickBreakingEntry: CatalogueEntry = {
  name: "stick-breaking",
  aliases: ["sba"],
  summary: "each key takes its share, latest first, of what the later ones left, in place of softmax",
  formula: "A_ij = σ(s_ij)·Π_{t=j+1}^{i−1} (1 − σ(s_it)), s_ij = q_i·k_j/√d",
  tier: 2,
  paper: "arXiv:2410.17980",
  year: 2024,
  attention: "causal",
  translationInvariant: true,
  models: [],
  verified: "reference",
  create: () => stickBreaking(),
};
