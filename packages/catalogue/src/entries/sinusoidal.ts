import { scaledSinusoidal, sinusoidal } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const sinusoidalEntry: CatalogueEntry = {
  name: "sinusoidal",
  aliases: ["sin", "absolute"],
  summary: "sines and cosines of the position, added to the embeddings",
  formula: "P(t)[2m] = sin(t·ω_m), P(t)[2m+1] = cos(t·ω_m), ω_m = θ^(−2m/D)",
  tier: 1,
  paper: "arXiv:1706.03762",
  year: 2017,
  attention: "both",
  translationInvariant: false,
  models: ["Transformer", "M2M-100", "Whisper (encoder)"],
  verified: "reference",
  // In the paper embeddings are multiplied by √width, so that both are about 1: sinusoids are scaled to them here.
  create: ({ embeddingDeviation }) => sinusoidal({ scale: embeddingDeviation }),
};

export const scaledSinusoidalEntry: CatalogueEntry = {
  name: "scaled-sinusoidal",
  aliases: [],
  summary: "sines and cosines of the position times one trained number, added to the embeddings",
  formula: "s·P(t), P(t) = [sin(t·ω) | cos(t·ω)], ω_m = θ^(−2m/D)",
  tier: 1,
  paper: "arXiv:1706.03762",
  year: 2017,
  attention: "both",
  translationInvariant: false,
  models: [],
  verified: "reference",
  create: () => scaledSinusoidal(),
};
