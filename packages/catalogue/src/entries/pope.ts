import { pope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const popeEntry: CatalogueEntry = {
  name: "pope",
  aliases: ["polar"],
  summary: "magnitudes from content, angles from positions, with a trained phase",
  formula: "s_ij = Σ_m softplus(q_m)·softplus(k_m)·cos((i − j)·ω_m − δ_m)/√d",
  tier: 3,
  paper: "arXiv:2509.10534",
  year: 2025,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "reference",
  create: () => pope(),
};
