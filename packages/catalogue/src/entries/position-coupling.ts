import { coupledPositions, positionCoupling } from "@relpos/core/encodings";
import type { CatalogueEntry } from "../catalogue-entry.js";
import { byteDigits, drawnOffset, maximumOffset } from "./abacus.js";

export const positionCouplingEntry: CatalogueEntry = {
  name: "position-coupling",
  aliases: ["coupling"],
  summary: "a trained vector for a digit's significance, shared by operands and answer, added to the embeddings",
  formula:
    "x_t + W[p_t], p_t = s + place of a digit in its number, s elsewhere; s ~ U{1 … 100} in training, 1 at test time",
  tier: 2,
  paper: "arXiv:2405.20671",
  year: 2024,
  attention: "both",
  translationInvariant: false,
  models: [],
  verified: "formula",
  create: ({ trainLength, embeddingDeviation }) => {
    return positionCoupling({ rows: maximumOffset + trainLength + 2, initialDeviation: embeddingDeviation });
  },
  drawPositions: ({ digits = byteDigits }, draw) => coupledPositions(draw.tokens, digits, 1 + drawnOffset(draw)),
};
