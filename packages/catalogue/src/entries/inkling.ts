import { inkling } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const inklingEntry: CatalogueEntry = {
  name: "inkling",
  aliases: ["relative-logits"],
  summary: "each token's own weights, from the layer's input, for a bank of functions of the distance",
  formula: "s_ij = τ_i·(q_i·k_j/d + (W_r·x_i)·E[:, i − j]), τ_i = 1 + α·ln(max((i + 1)/n, 1))",
  tier: 1,
  paper: "Thinking Machines, 2026",
  year: 2026,
  attention: "causal",
  translationInvariant: true,
  models: ["Inkling"],
  verified: "reference",
  create: ({ trainLength }) => inkling({ extent: trainLength }),
};
