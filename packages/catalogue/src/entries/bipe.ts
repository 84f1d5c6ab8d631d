import { bipe } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const bipeEntry: CatalogueEntry = {
  name: "bipe",
  aliases: ["bilevel"],
  summary: "a trained vector for the place in a segment, and rotary positions of segments",
  formula: "x_t + W[place_t]; s_ij = (R(segment_i)q_i)·(R(segment_j)k_j)/√d",
  tier: 2,
  paper: "arXiv:2401.16421",
  year: 2024,
  attention: "both",
  translationInvariant: false,
  models: [],
  verified: "formula",
  create: ({ trainLength, embeddingDeviation }) => {
    return bipe({ capacity: Math.max(2, Math.round(Math.sqrt(trainLength))), initialDeviation: embeddingDeviation });
  },
};
