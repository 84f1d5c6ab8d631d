import { grapePath } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const grapePathEntry: CatalogueEntry = {
  name: "grape-path",
  aliases: ["grape-ap"],
  summary: "each token between key and query lowers the score by what the query makes of it",
  formula: "s_ij = q_i·k_j/√d + Σ_{s=j+1}^{i} m_h·ln σ(p_i·p̃_s/d_p)",
  tier: 3,
  paper: "arXiv:2512.07805",
  year: 2025,
  attention: "causal",
  translationInvariant: false,
  models: [],
  verified: "formula",
  create: () => grapePath(),
};
