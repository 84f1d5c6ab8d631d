import { linearScaling, llama3, ntkAware, proportional, rope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

/** What the entries of scaled rotary embeddings have in common. */
export const scaledRope = {
  tier: 1,
  attention: "both",
  translationInvariant: true,
  verified: "reference",
} as const satisfies Partial<CatalogueEntry>;

export const linearScalingEntry: CatalogueEntry = {
  ...scaledRope,
  name: "rope-linear",
  aliases: ["linear", "position-interpolation", "pi"],
  summary: "RoPE with positions divided by 4",
  formula: "ω'_m = ω_m/s",
  paper: "arXiv:2306.15595",
  year: 2023,
  models: ["Gemma 3 (global layers)", "Vicuna-16k", "LongChat"],
  create: () => rope({ scaling: linearScaling({ factor: 4 }) }),
};

export const ntkAwareEntry: CatalogueEntry = {
  ...scaledRope,
  name: "rope-ntk",
  aliases: ["ntk", "ntk-aware"],
  summary: "RoPE with a base that interpolates the slowest pair by 4",
  formula: "ω'_m = (θ·s^(r/(r−2)))^(−2m/r)",
  paper: "bloc97, 2023",
  year: 2023,
  models: ["Code Llama (as a changed base)"],
  create: () => rope({ scaling: ntkAware({ factor: 4 }) }),
};

export const llama3Entry: CatalogueEntry = {
  ...scaledRope,
  name: "rope-llama3",
  aliases: ["llama3"],
  summary: "RoPE with slow pairs divided by 8 and fast ones kept",
  formula: "ω'_m = (1−σ)·ω_m/s + σ·ω_m, σ = clamp((L₀·ω_m/2π − 1)/3, 0, 1)",
  paper: "arXiv:2407.21783",
  year: 2024,
  models: ["Llama 3.1", "Llama 3.2", "Llama 3.3"],
  create: ({ trainLength }) => rope({ scaling: llama3({ factor: 8, originalMaximum: trainLength }) }),
};

export const proportionalEntry: CatalogueEntry = {
  ...scaledRope,
  name: "rope-proportional",
  aliases: ["p-rope", "proportional"],
  summary: "RoPE whose slowest quarter of pairs does not turn",
  formula: "ω'_m = ω_m for m < p·r/2, else 0",
  paper: "arXiv:2410.06205",
  year: 2024,
  models: ["Gemma 4"],
  create: () => rope({ scaling: proportional({ share: 0.75 }) }),
};
