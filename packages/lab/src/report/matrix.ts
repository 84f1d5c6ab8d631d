import type { Canvas } from "./canvas.js";
import { html, type Markup } from "./html.js";
import { shortNumber } from "./numbers.js";
import { heatColor } from "./theme.js";

/** The values that colours tell apart. */
export interface ValueRange {
  readonly lowest: number;
  readonly highest: number;
  /** Whether there are values below the lowest. */
  readonly clipped: boolean;
}

/** A score this far below the largest gets e⁻¹² of its weight: nothing; colours need not tell such scores apart. */
const deepest = 12;

/** The range of scores that matter to attention. */
export function scoreRange(values: readonly number[]): ValueRange {
  const least = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const highest = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const lowest = Math.max(least, highest - deepest);
  return { lowest, highest, clipped: least < lowest };
}

const levels = 24;
const cellSize = 5;

/**
 * Coloured cells at (key, query), each of size 1. The page stays small: neighbours of one colour in a row are one
 * rectangle, and all rectangles of one colour are one mark.
 */
export function matrixMarks(
  { plot }: Canvas,
  matrix: readonly (readonly number[])[],
  { lowest, highest }: Pick<ValueRange, "lowest" | "highest">,
  causal: boolean,
) {
  const levelOf = (value: number): number => {
    if (highest === lowest) return levels / 2;
    return Math.round((levels * (Math.max(value, lowest) - lowest)) / (highest - lowest));
  };
  const byLevel = new Map<number, { x1: number; x2: number; y1: number; y2: number }[]>();
  matrix.forEach((row, query) => {
    const visible = causal ? row.slice(0, query + 1) : row;
    visible.forEach((value, key) => {
      const level = levelOf(value);
      const cells = byLevel.get(level) ?? [];
      byLevel.set(level, cells);
      const last = cells.at(-1);
      if (last?.y1 === query && last.x2 === key) last.x2 = key + 1;
      else cells.push({ x1: key, x2: key + 1, y1: query, y2: query + 1 });
    });
  });
  return [...byLevel].map(([level, cells]) =>
    plot.rect(cells, {
      x1: "x1",
      x2: "x2",
      y1: "y1",
      y2: "y2",
      fill: heatColor(level / levels),
      inset: 0,
      shapeRendering: "crispEdges",
    }),
  );
}

/** A square of coloured cells, rows down, without axes. */
export function drawMatrix(
  canvas: Canvas,
  matrix: readonly (readonly number[])[],
  range: Pick<ValueRange, "lowest" | "highest">,
  title: string,
  causal: boolean,
): string {
  const side = matrix.length * cellSize;
  return canvas.draw(
    {
      width: side,
      height: side,
      margin: 0,
      x: { axis: null, domain: [0, matrix.length] },
      y: { axis: null, domain: [matrix.length, 0] },
      marks: [...matrixMarks(canvas, matrix, range, causal), canvas.plot.frame({ stroke: "var(--line)" })],
    },
    title,
  );
}

/** The colours from the lowest to the highest value, with both numbers. */
export function ramp({ lowest, highest, clipped }: ValueRange): Markup {
  return html`<div class="ramp"><span>${clipped ? "≤ " : ""}${shortNumber(lowest)}</span><i></i><span>${shortNumber(highest)}</span></div>`;
}

/** Distances on a logarithmic axis that has room for 0: places are distance + 1, labels are distances. */
export function distanceAxis(distances: readonly number[]) {
  const farthest = distances.at(-1) ?? 1;
  const labels = [0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10_000].filter((distance) => distance <= farthest);
  return {
    label: "distance",
    labelAnchor: "center" as const,
    labelArrow: "none" as const,
    ticks: labels.map((distance) => distance + 1),
    tickFormat: (place: number) => String(place - 1),
  };
}
