import type { TextSize } from "../messages.js";

/** The size of text in drawings that stays legible at the width of this page. */
export function textSize(): TextSize {
  return matchMedia("(max-width: 40rem)").matches ? 15 : 12;
}
