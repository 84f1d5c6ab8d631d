import { pixelRope } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const pixelRopeEntry: CatalogueEntry = {
  name: "pixel-rope",
  aliases: ["rope-pixel"],
  summary: "axial rotation by coordinates from −1 to 1, with linearly spaced frequencies",
  formula: "s_ij = (R(c_i·ω)q)·(R(c_j·ω)k)/√d, c ∈ [−1, 1], ω_m = π·linspace(1, f/2)",
  tier: 1,
  paper: "lucidrains, 2021 (rotary-embedding-torch)",
  year: 2021,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "reference",
  create: ({ trainLength }) => pixelRope({ sizes: [trainLength] }),
};
