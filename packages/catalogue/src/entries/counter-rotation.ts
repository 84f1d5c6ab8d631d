import { counterRotation } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const counterRotationEntry: CatalogueEntry = {
  name: "counter-rotation",
  aliases: ["deepseek-v4-rope", "output-rotation"],
  summary: "rotary embedding of queries, keys and values, undone in the output",
  formula: "o_i = R(−i)·Σ_j α_ij·R(j)v_j, α = softmax((R(i)q_i)·(R(j)k_j)/√d)",
  tier: 3,
  paper: "DeepSeek, 2026",
  year: 2026,
  attention: "both",
  translationInvariant: true,
  models: ["DeepSeek-V4"],
  verified: "formula",
  create: () => counterRotation(),
};
