import { gridFor, swinV2 } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const swinV2Entry: CatalogueEntry = {
  name: "swin-v2",
  aliases: ["log-cpb"],
  summary: "cosine attention with a network of the log-spaced difference of rows and columns",
  formula: "s_ij = cos(q_i, k_j)·exp(min(τ_h, ln 100)) + 16·σ(MLP(Δ̂))_h",
  tier: 2,
  paper: "arXiv:2111.09883",
  year: 2021,
  attention: "both",
  translationInvariant: false,
  models: ["Swin v2"],
  verified: "reference",
  create: ({ trainLength }) => swinV2({ ...gridFor(trainLength), hidden: 16 }),
};
