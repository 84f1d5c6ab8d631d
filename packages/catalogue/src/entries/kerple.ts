import { kerple } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

const shared = {
  tier: 2,
  paper: "arXiv:2205.09921",
  year: 2022,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "reference",
} as const;

export const kerpleLogEntry: CatalogueEntry = {
  ...shared,
  name: "kerple-log",
  aliases: ["kerple"],
  summary: "scores lowered by the logarithm of the distance, with two trained numbers for each head",
  formula: "s_ij = q_i·k_j/√d − p_h·ln(1 + a_h·|i − j|)",
  create: () => kerple(),
};

export const kerplePowerEntry: CatalogueEntry = {
  ...shared,
  name: "kerple-power",
  aliases: [],
  summary: "scores lowered by a power of the distance, with two trained numbers for each head",
  formula: "s_ij = q_i·k_j/√d − a_h·|i − j|^p_h",
  create: () => kerple({ kernel: "power" }),
};
