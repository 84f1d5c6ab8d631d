import { graphormer } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

export const graphormerEntry: CatalogueEntry = {
  name: "graphormer",
  aliases: ["shortest-path"],
  summary: "a trained bias for each head and length of the shortest path; text is a path",
  formula: "s_ij = q_i·k_j/√d + W[φ(v_i, v_j), h]",
  tier: 2,
  paper: "arXiv:2106.05234",
  year: 2021,
  attention: "both",
  translationInvariant: true,
  models: ["Graphormer"],
  verified: "formula",
  create: ({ trainLength }) => graphormer({ maximumDistance: trainLength }),
};
