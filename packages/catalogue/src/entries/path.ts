import { path } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

const common = {
  tier: 2,
  paper: "arXiv:2505.16381",
  year: 2025,
  attention: "causal",
  translationInvariant: true,
  models: [],
  verified: "reference",
} as const;

export const pathEntry: CatalogueEntry = {
  ...common,
  name: "path",
  aliases: ["path-attention"],
  summary: "a product of reflections, computed from the tokens between key and query",
  formula: "s_ij = q_iᵀ·(Π_{t=i}^{j+1} (I − β_t·w_t·w_tᵀ))·k_j/√d",
  create: () => path(),
};

export const pathFoxEntry: CatalogueEntry = {
  ...common,
  name: "path-fox",
  aliases: [],
  summary: "reflections computed from the tokens between key and query, and forget gates",
  formula: "s_ij = (q_iᵀ·(Π_{t=i}^{j+1} (I − β_t·w_t·w_tᵀ))·k_j + Σ_{t=j+1}^{i} ln f_t)/√d",
  create: () => path({ gated: true }),
};
