import { alibi } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const alibiEntry: CatalogueEntry = {
  name: "alibi",
  aliases: ["linear-bias"],
  summary: "scores lowered in proportion to the distance, by a fixed slope for each head",
  formula: "s_ij = q_i·k_j/√d − m_h·(i − j)",
  tier: 1,
  paper: "arXiv:2108.12409",
  year: 2021,
  attention: "both",
  translationInvariant: true,
  models: ["BLOOM", "MPT", "Falcon-RW", "Baichuan-13B", "Jina-embeddings-v2"],
  verified: "reference",
  create: ({ causal }) => alibi({ symmetric: !causal }),
};
