import { axialRope, gridFor } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const axialRopeEntry: CatalogueEntry = {
  name: "axial-rope",
  aliases: ["rope-axial", "2d-rope"],
  summary: "half of the coordinates turned by the column, half by the row, of a grid read row by row",
  formula: "s_ij = (R(x_i·ω)q·R(x_j·ω)k + R(y_i·ω)q·R(y_j·ω)k)/√d, ω_m = θ^(−4m/d)",
  tier: 1,
  paper: "arXiv:2403.13298",
  year: 2024,
  attention: "both",
  translationInvariant: false,
  models: ["Pixtral", "Qwen2-VL vision", "Llama 4 vision", "SAM 2"],
  verified: "reference",
  create: ({ trainLength }) => axialRope({ width: gridFor(trainLength).width }),
};
