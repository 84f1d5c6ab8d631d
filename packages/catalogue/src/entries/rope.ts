import { rope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const ropeEntry: CatalogueEntry = {
  name: "rope",
  aliases: ["rotary"],
  summary: "queries and keys turned by their positions",
  formula: "s_ij = (R(i·ω)q_i)·(R(j·ω)k_j)/√d, ω_m = θ^(−2m/r)",
  tier: 1,
  paper: "arXiv:2104.09864",
  year: 2021,
  attention: "both",
  translationInvariant: true,
  models: ["Llama", "Qwen", "Mistral", "Gemma", "DeepSeek", "Phi", "GPT-NeoX", "ModernBERT"],
  verified: "reference",
  create: () => rope(),
};
