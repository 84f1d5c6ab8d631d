import { rerope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

const shared = {
  tier: 2,
  paper: "Su, 2023 (kexue.fm/archives/9708)",
  year: 2023,
  attention: "causal",
  models: [],
  verified: "reference",
} as const;

export const reropeEntry: CatalogueEntry = {
  ...shared,
  name: "rerope",
  aliases: ["rectified-rope"],
  summary: "rotary positions whose distances end at a window",
  formula: "s_ij = q_i·R(−min(i − j, w)·ω)k_j/√d",
  translationInvariant: true,
  create: ({ trainLength }) => rerope({ window: Math.max(1, Math.floor(trainLength / 4)) }),
};

export const leakyReropeEntry: CatalogueEntry = {
  ...shared,
  name: "leaky-rerope",
  aliases: [],
  summary: "rotary positions whose distances grow slowly beyond a window",
  formula: "s_ij = q_i·R(−f(i − j)·ω)k_j/√d, f(n) = n for n < w, else w + (n − w)/k",
  translationInvariant: true,
  create: ({ trainLength }) => rerope({ window: Math.max(1, Math.floor(trainLength / 4)), leak: 16 }),
};
