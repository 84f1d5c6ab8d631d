import { dualChunk, dualChunkSizes } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const dualChunkEntry: CatalogueEntry = {
  name: "dual-chunk",
  aliases: ["dca", "chunkllama"],
  summary: "rotary positions within chunks, with bounded distances between chunks",
  formula: "s_ij = (R(p)q_i)·(R(j mod c)k_j)/√d, p = i mod c, min(i mod c + c, s) or min(2c − 1, s)",
  tier: 2,
  paper: "arXiv:2402.17463",
  year: 2024,
  attention: "causal",
  translationInvariant: false,
  models: ["Qwen2.5-1M"],
  verified: "reference",
  create: ({ trainLength }) => dualChunk(dualChunkSizes(trainLength)),
};
