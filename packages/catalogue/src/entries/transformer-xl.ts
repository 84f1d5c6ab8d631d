import { transformerXl } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const transformerXlEntry: CatalogueEntry = {
  name: "transformer-xl",
  aliases: ["txl", "transformerXl"],
  summary: "projected sinusoids of distances, with trained biases for content and position",
  formula: "s_ij = [(q_i + u)·k_j + (q_i + v)·(W_R·R_{i−j})]/√d",
  tier: 1,
  paper: "arXiv:1901.02860",
  year: 2019,
  attention: "both",
  translationInvariant: true,
  models: ["Transformer-XL"],
  verified: "reference",
  create: () => transformerXl(),
};
