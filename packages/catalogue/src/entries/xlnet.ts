import { xlnet } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const xlnetEntry: CatalogueEntry = {
  name: "xlnet",
  aliases: [],
  summary: "Transformer-XL's relative sinusoids for both sides, biases for each layer",
  formula: "s_ij = [(q_i + u)·k_j + (q_i + v)·(W_R·R_{i−j}) + (q_i + s)·g_ij]/√d",
  tier: 1,
  paper: "arXiv:1906.08237",
  year: 2019,
  attention: "both",
  translationInvariant: true,
  models: ["XLNet"],
  verified: "reference",
  create: () => xlnet(),
};
