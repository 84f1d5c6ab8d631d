import { llama4Temperature, logTemperature, ministralTemperature } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

const common = { tier: 1, attention: "both", translationInvariant: false } as const satisfies Partial<CatalogueEntry>;

export const logTemperatureEntry: CatalogueEntry = {
  ...common,
  name: "log-temperature",
  aliases: ["log-n", "logn"],
  summary: "scores × the logarithm of the position past the trained length",
  formula: "s_ij·max(1, ln(i+1)/ln L)",
  paper: "arXiv:2202.12172",
  year: 2022,
  models: ["Qwen-1"],
  verified: "formula",
  create: ({ trainLength }) => logTemperature({ trainLength: Math.max(trainLength, 2) }),
};

export const llama4TemperatureEntry: CatalogueEntry = {
  ...common,
  name: "llama4-temperature",
  aliases: ["attention-temperature-tuning"],
  summary: "scores × 1 + the logarithm of steps past; positions from 1",
  formula: "s_ij·(1 + β·ln(1 + ⌊(i+1)/L⌋))",
  paper: "Meta, 2025",
  year: 2025,
  models: ["Llama 4 (layers without positions)"],
  verified: "reference",
  create: ({ trainLength }) => llama4Temperature({ length: trainLength }),
};

export const ministralTemperatureEntry: CatalogueEntry = {
  ...common,
  name: "ministral-temperature",
  aliases: [],
  summary: "scores × 1 + the logarithm of steps past; positions from 0",
  formula: "s_ij·(1 + β·ln(1 + ⌊i/L⌋))",
  paper: "Mistral AI, 2025",
  year: 2025,
  models: ["Ministral 3", "Mistral 4"],
  verified: "reference",
  create: ({ trainLength }) => ministralTemperature({ length: trainLength }),
};
