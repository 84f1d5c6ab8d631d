import { conformer } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const conformerEntry: CatalogueEntry = {
  name: "conformer",
  aliases: ["parakeet", "rel-pos"],
  summary: "projected sinusoids of distances to both sides, sines and cosines in turn",
  formula: "s_ij = [(q_i + u)·k_j + (q_i + v)·(W_R·R_{i−j})]/√d",
  tier: 1,
  paper: "arXiv:2005.08100",
  year: 2020,
  attention: "both",
  translationInvariant: true,
  models: ["Conformer", "Parakeet", "FastConformer", "Wav2Vec2-Conformer"],
  verified: "reference",
  create: () => conformer(),
};
