import { lmInfinite, streamingLlm } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

const shared = { tier: 2, year: 2023, attention: "causal", models: [], verified: "formula" } as const;

const sizesFor = (trainLength: number) => {
  const sinks = Math.min(4, Math.max(1, Math.floor(trainLength / 4)));
  return { sinks, window: Math.max(1, trainLength - sinks) };
};

export const streamingLlmEntry: CatalogueEntry = {
  ...shared,
  name: "streaming-llm",
  aliases: ["attention-sinks"],
  summary: "rotary positions within a cache of the first tokens and the latest",
  formula:
    "s_ij = q_i·R(−(i − j)·ω)k_j/√d for i − j < w; q_i·R(−(min(i, n + w − 1) − j)·ω)k_j/√d for j < n; else hidden",
  paper: "arXiv:2309.17453",
  translationInvariant: false,
  create: ({ trainLength }) => streamingLlm(sizesFor(trainLength)),
};

export const lmInfiniteEntry: CatalogueEntry = {
  ...shared,
  name: "lm-infinite",
  aliases: ["lambda-attention"],
  summary: "rotary positions with a Λ-shaped mask and bounded distances",
  formula: "s_ij = q_i·R(−min(i − j, w)·ω)k_j/√d for i − j < w or j < n; else hidden",
  paper: "arXiv:2308.16137",
  translationInvariant: false,
  create: ({ trainLength }) => lmInfinite(sizesFor(trainLength)),
};
