import { none } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const noneEntry: CatalogueEntry = {
  name: "none",
  aliases: ["nope"],
  summary: "no encoding; only the causal mask tells positions apart",
  formula: "s_ij = q_i·k_j/√d",
  tier: 1,
  paper: "arXiv:2203.16634",
  year: 2022,
  attention: "both",
  translationInvariant: true,
  models: ["Kimi-Linear", "Jamba", "every fourth layer of SmolLM3 and Llama 4"],
  verified: "reference",
  create: none,
};
