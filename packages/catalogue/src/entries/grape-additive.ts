import { grapeAdditive } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const grapeAdditiveEntry: CatalogueEntry = {
  name: "grape-additive",
  aliases: ["grape-a"],
  summary: "scores lowered in proportion to the distance, at a rate that depends on the key",
  formula: "s_ij = q_i·k_j/√d − (i − j)·softplus(ω_h)·m_h·softplus(û_h·k_j/√d)",
  tier: 3,
  paper: "arXiv:2512.07805",
  year: 2025,
  attention: "causal",
  translationInvariant: true,
  models: [],
  verified: "reference",
  create: () => grapeAdditive(),
};
