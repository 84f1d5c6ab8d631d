import { mrope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const mropeEntry: CatalogueEntry = {
  name: "mrope",
  aliases: ["m-rope", "multimodal-rope", "tmrope"],
  summary: "queries and keys turned by time, row and column; by the position alone in text",
  formula: "s_ij = Σ_m Re(q_m·k̄_m·e^(i·(p_i − p_j)[axis m]·ω_m))/√d",
  tier: 1,
  paper: "arXiv:2409.12191",
  year: 2024,
  attention: "both",
  translationInvariant: true,
  models: ["Qwen2-VL", "Qwen2.5-VL", "Qwen3-VL", "GLM-4V", "Ernie-4.5-VL"],
  verified: "reference",
  create: () => mrope(),
};
