import { clippedRope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const clippedRopeEntry: CatalogueEntry = {
  name: "clipped-rope",
  aliases: ["cope-clipped", "clipped-cope"],
  summary: "rotary embedding with the slowest frequencies faded out",
  formula: "RoPE with the last n of ω times ½(1 + cos(π·i/(n − 1)))",
  tier: 3,
  paper: "arXiv:2602.05258",
  year: 2026,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "formula",
  create: () => clippedRope(),
};
