import { randomIntegers } from "@relpos/core";
import { abacus, abacusPositions } from "@relpos/core/encodings";
import type { CatalogueEntry, PositionDraw } from "../catalogue-entry.js";

/** The tokens "0" … "9" of a vocabulary of bytes. */
export const byteDigits: readonly number[] = Array.from({ length: 10 }, (_, digit) => 48 + digit);

/** The largest number that places are moved by in training: `max_k` of the authors. */
export const maximumOffset = 99;

/** An offset for a sequence: from 0 to the largest in training, 0 at test time. */
export function drawnOffset({ key, training }: Pick<PositionDraw, "key" | "training">): number {
  return training ? (randomIntegers(key, 1, 0, maximumOffset + 1)[0] as number) : 0;
}

export const abacusEntry: CatalogueEntry = {
  name: "abacus",
  aliases: [],
  summary: "a trained vector for a digit's place in its number, added to the embeddings",
  formula:
    "x_t + W[p_t], p_t = k + 1, k + 2, … within a run of digits, 0 elsewhere; k ~ U{0 … 99} in training, 0 at test time",
  tier: 2,
  paper: "arXiv:2405.17399",
  year: 2024,
  attention: "both",
  translationInvariant: false,
  models: [],
  verified: "formula",
  create: ({ trainLength, embeddingDeviation }) => {
    return abacus({ rows: maximumOffset + trainLength + 1, initialDeviation: embeddingDeviation });
  },
  drawPositions: ({ digits = byteDigits }, draw) => abacusPositions(draw.tokens, digits, drawnOffset(draw)),
};
