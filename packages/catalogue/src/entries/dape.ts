import { alibi, dape } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";

const common = {
  tier: 2,
  attention: "both",
  translationInvariant: true,
  models: [],
  verified: "reference",
} as const;

export const dapeEntry: CatalogueEntry = {
  ...common,
  name: "dape",
  aliases: ["dape-v1"],
  summary: "a small network over heads corrects scores and bias for each query and key",
  formula: "s' = S + B + W₂·LeakyReLU(W₁·[S; B] + b₁) + b₂",
  paper: "arXiv:2405.14722",
  year: 2024,
  create: ({ causal }) => dape({ base: alibi({ symmetric: !causal }) }),
};

export const dapeV2Entry: CatalogueEntry = {
  ...common,
  name: "dape-v2",
  aliases: [],
  summary: "a convolution over heads and neighbouring keys corrects scores and bias",
  formula: "s' = S + B + Conv₁ₓ₃(LeakyReLU(Conv₁ₓ₃([S; B])))",
  paper: "arXiv:2410.04798",
  year: 2024,
  create: ({ causal }) => dape({ base: alibi({ symmetric: !causal }), kernel: 3 }),
};
