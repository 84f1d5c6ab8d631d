import { learned } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const learnedEntry: CatalogueEntry = {
  name: "learned",
  aliases: ["ape"],
  summary: "a trained vector for each position, added to the embeddings",
  formula: "x_t + W[t]",
  tier: 1,
  paper: "Radford et al., 2018",
  year: 2018,
  attention: "both",
  translationInvariant: false,
  models: ["GPT-2", "BERT", "RoBERTa", "OPT", "CLIP", "ViT"],
  verified: "reference",
  create: ({ trainLength, embeddingDeviation }) => {
    return learned({ maximumPositions: trainLength, initialDeviation: embeddingDeviation });
  },
};
