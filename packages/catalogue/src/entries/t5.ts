import { t5 } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const t5Entry: CatalogueEntry = {
  name: "t5",
  aliases: ["t5-bias", "relative-buckets"],
  summary: "a trained bias for each head and bucket of distances",
  formula: "s_ij = q_i·k_j + W[bucket(j − i), h]",
  tier: 1,
  paper: "arXiv:1910.10683",
  year: 2019,
  attention: "both",
  translationInvariant: true,
  models: ["T5", "Flan-T5", "mT5", "umT5", "UDOP", "MPNet"],
  verified: "reference",
  create: ({ causal }) => t5({ bidirectional: !causal }),
};
