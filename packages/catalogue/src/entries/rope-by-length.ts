import { dynamicNtk, longRope, rope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";
import { scaledRope } from "./rope-scaling.js";

export const dynamicNtkEntry: CatalogueEntry = {
  ...scaledRope,
  name: "rope-dynamic",
  aliases: ["dynamic", "dynamic-ntk"],
  summary: "RoPE whose base grows with the sequence past the trained length",
  formula: "θ' = θ·α^(r/(r−2)), α = max(1, s·L/L₀ − (s−1))",
  paper: "emozilla, 2023",
  year: 2023,
  translationInvariant: false,
  models: ["Qwen-1", "InternLM2"],
  create: ({ trainLength }) => rope({ scaling: dynamicNtk({ originalMaximum: trainLength }) }),
};

export const longRopeEntry: CatalogueEntry = {
  ...scaledRope,
  name: "rope-longrope",
  aliases: ["longrope", "su"],
  summary: "RoPE with a factor for each pair, another set past the trained length",
  formula: "ω'_m = ω_m/λ_m, λ by L ≤ L₀; cos and sin × √(1 + ln s/ln L₀)",
  paper: "arXiv:2402.13753",
  year: 2024,
  translationInvariant: false,
  models: ["Phi-3", "Phi-3.5", "Phi-4-mini", "MiniCPM3"],
  create: ({ trainLength }) =>
    rope({ scaling: longRope({ factor: 4, originalMaximum: trainLength, longFactors: "ntk" }) }),
};
