import { logSpaced } from "../compare/run-hook.js";
import type { Canvas } from "../report/canvas.js";
import { distanceAxis, matrixMarks, scoreRange, type ValueRange } from "../report/matrix.js";
import { shortNumber, tickNumbers } from "../report/numbers.js";
import { heatColor } from "../report/theme.js";
import { drawHeadCurves } from "./draw-curves.js";
import { type Drawing, groupFile, groupLabel } from "./drawing.js";
import type { HeadMaps } from "./inspection.js";

const curvePoints = 160;

/** The range of all values that can be seen, the same for every head. */
export function mapRange({ groups }: HeadMaps, causal: boolean): ValueRange {
  const seen = groups.flatMap(({ matrix, curve }) => [
    ...matrix.flatMap((row, query) => (causal ? row.slice(0, query + 1) : row)),
    ...curve,
  ]);
  return scoreRange(seen);
}

/** A heat map for each head, or one where all are alike. */
export function drawHeatMaps(canvas: Canvas, name: string, maps: HeadMaps, causal: boolean): readonly Drawing[] {
  const range = mapRange(maps, causal);
  return maps.groups.map((group) => {
    const label = groupLabel(group);
    return {
      file: `${maps.kind}-${groupFile(group)}`,
      caption: label,
      svg: drawHeatMap(canvas, maps, group.matrix, range, causal, `${name}, ${label}: ${maps.kind} by query and key`),
    };
  });
}

function drawHeatMap(
  canvas: Canvas,
  { kind, positions }: HeadMaps,
  matrix: readonly (readonly number[])[],
  range: ValueRange,
  causal: boolean,
  title: string,
): string {
  const { plot } = canvas;
  const { lowest, highest, clipped } = range;
  const count = positions.length;
  const axis = {
    ticks: positions.flatMap((_, index) => (index % tickStep(count) === 0 ? [index + 0.5] : [])),
    tickFormat: (place: number) => String(positions[Math.floor(place)]),
    labelArrow: "none" as const,
  };
  const steps = Array.from({ length: 24 }, (_, step) => step);
  const flat = highest === lowest;
  const number = tickNumbers(lowest, highest);
  const ends = flat
    ? [{ text: number(lowest), y: count / 2 }]
    : [
        { text: `${clipped ? "≤ " : ""}${number(lowest)}`, y: count },
        { text: number(highest), y: 0 },
      ];
  return canvas.draw(
    {
      width: 330,
      height: 266,
      marginTop: 22,
      marginBottom: 40,
      marginLeft: 46,
      marginRight: 52,
      x: { domain: [0, count * 1.16], label: "key position", labelAnchor: "center", ...axis },
      y: { domain: [count, 0], label: "query position", labelAnchor: "top", ...axis },
      marks: [
        ...matrixMarks(canvas, matrix, range, causal),
        plot.rect([0], { x1: 0, x2: count, y1: 0, y2: count, stroke: "var(--line)", fill: "none" }),
        plot.rect(steps, {
          x1: count * 1.07,
          x2: count * 1.12,
          y1: (step: number) => count - (step * count) / steps.length,
          y2: (step: number) => count - ((step + 1) * count) / steps.length,
          fill: (step: number) => heatColor(flat ? 0.5 : step / (steps.length - 1)),
          inset: 0,
          shapeRendering: "crispEdges",
        }),
        plot.text(ends, {
          x: () => count * 1.14,
          y: "y",
          text: "text",
          textAnchor: "start",
        }),
      ],
      color: { type: "identity" },
    },
    title,
    `Heat map of the ${kind} between query positions, down, and key positions, across, 0 to ${positions.at(-1)}${
      causal ? "; keys after the query are left out" : ""
    }. ${
      flat
        ? `All values are ${number(lowest)}.`
        : `Values from ${clipped ? "at most " : ""}${number(lowest)} (dark blue) to ${number(highest)} (yellow).`
    }`,
  );
}

/** Cells from one tick to the next, a power of two: about four ticks. */
function tickStep(count: number): number {
  return 2 ** Math.max(0, Math.round(Math.log2(count / 4)));
}

/** The numbers of one query by the distance of the key, a curve for each head. */
export function drawByDistance(canvas: Canvas, name: string, maps: HeadMaps, causal: boolean): Drawing {
  const { lowest, highest, clipped } = mapRange(maps, causal);
  const { relative, groups, kind, query } = maps;
  const offset = (index: number): number => (causal ? 1 - relative[index]! : relative[index]!);
  const shown = causal
    ? logSpaced(curvePoints, relative.length).map((distance) => relative.length - 1 - distance)
    : relative.map((_, index) => index);
  const curves = groups.map((group) => ({
    label: groupLabel(group),
    series: group.heads[0]!,
    points: shown.map((index) => ({ x: offset(index), y: Math.max(group.curve[index]!, lowest) })),
  }));
  const x = causal
    ? { type: "log", base: 2, ...distanceAxis(shown.map((index) => -relative[index]!)), label: "distance" }
    : { label: "key position − query position", ticks: 8 };
  const svg = drawHeadCurves(canvas, curves, {
    title: `${name}: ${kind} by distance`,
    description: `Curves of the ${kind} of the query at position ${query} by the key's ${
      causal ? "distance before it" : "position relative to it"
    }, for ${curves.map(({ label }) => label).join(", ")}. Values from ${clipped ? "at most " : ""}${shortNumber(lowest)} to ${shortNumber(highest)}.`,
    x,
    yLabel: kind === "bias" ? "bias" : `mean ${kind}`,
  });
  return { file: `${kind}-by-distance`, caption: `${kind} by distance`, svg };
}
