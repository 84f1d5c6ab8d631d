import { ntkByParts, rope, yarn } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";
import { scaledRope } from "./rope-scaling.js";

export const ntkByPartsEntry: CatalogueEntry = {
  ...scaledRope,
  name: "rope-ntk-by-parts",
  aliases: ["ntk-by-parts"],
  summary: "RoPE with slow pairs interpolated by 4, middle ones NTK-aware and fast ones kept",
  formula: "ω'_m = mix(mix(ω_m/s, NTK_m, γ), ω_m, γ')",
  paper: "bloc97, 2023",
  year: 2023,
  models: [],
  create: ({ trainLength }) => rope({ scaling: ntkByParts({ factor: 4, originalMaximum: trainLength }) }),
};

export const yarnEntry: CatalogueEntry = {
  ...scaledRope,
  name: "rope-yarn",
  aliases: ["yarn"],
  summary: "RoPE with slow pairs interpolated by 4, fast ones kept, and sharper scores",
  formula: "ω'_m = (1−γ_m)·ω_m + γ_m·ω_m/s, cos and sin × (0.1·ln s + 1)",
  paper: "arXiv:2309.00071",
  year: 2023,
  models: ["Qwen2.5", "Qwen3", "DeepSeek-V2", "DeepSeek-V3", "gpt-oss", "Ministral 3", "Kimi-K2"],
  create: ({ trainLength }) => rope({ scaling: yarn({ factor: 4, originalMaximum: trainLength }) }),
};
