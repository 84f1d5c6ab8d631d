import { xpos } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const xposEntry: CatalogueEntry = {
  name: "xpos",
  aliases: ["lex", "extrapolatable-rope"],
  summary: "rotary embedding whose pairs fade with the distance, the fast ones sooner",
  formula: "s_ij = (R(i·ω)q_i·ζ^(i/512))·(R(j·ω)k_j·ζ^(−j/512))/√d, ζ_m = (2m/d + 0.4)/1.4",
  tier: 2,
  paper: "arXiv:2212.10554",
  year: 2022,
  attention: "causal",
  translationInvariant: true,
  models: ["RetNet"],
  verified: "reference",
  create: () => xpos(),
};
