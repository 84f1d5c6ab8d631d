import { megaBias } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const megaBiasEntry: CatalogueEntry = {
  name: "mega-bias",
  aliases: ["rotary-bias", "mega"],
  summary: "a bias that is the product of two trained vectors, turned by the positions of query and key",
  formula: "s_ij = q_i·k_j/√d + (R(i·ω)α)·(R(j·ω)β)",
  tier: 3,
  paper: "arXiv:2209.10655",
  year: 2022,
  attention: "both",
  translationInvariant: true,
  models: ["Mega"],
  verified: "formula",
  create: () => megaBias(),
};
