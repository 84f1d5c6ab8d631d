import { shaw } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const shawEntry: CatalogueEntry = {
  name: "shaw",
  aliases: ["relative-vectors"],
  summary: "trained vectors of clipped distances, added to keys and values",
  formula: "s_ij = q_i·(k_j + a^K[clip(j − i)])/√d, o_i = Σ α_ij·(v_j + a^V[clip(j − i)])",
  tier: 2,
  paper: "arXiv:1803.02155",
  year: 2018,
  attention: "both",
  translationInvariant: true,
  models: ["Wav2Vec2-BERT", "SeamlessM4T v2", "VITS"],
  verified: "reference",
  create: ({ causal, trainLength }) => {
    const left = Math.min(64, trainLength - 1);
    return shaw({ left, right: causal ? 0 : left });
  },
};
