import type { CompareResults } from "../compare/results.js";
import type { Canvas } from "./canvas.js";
import { drawCurves } from "./curves.js";
import { isShare } from "./measures.js";
import { type CurvePoint, curveByLength, curveByPosition, curveOfLosses } from "./series.js";
import { capital } from "./tables.js";

/** Curves of a comparison. */
export interface ResultCurves {
  readonly title: string;
  /** An SVG element for a page that has the report's style sheet. */
  readonly svg: string;
  readonly note?: string | undefined;
}

/** All curves of a comparison: each measure by length, nats by position where they were measured, training losses. */
export function drawAllCurves(canvas: Canvas, results: CompareResults): readonly ResultCurves[] {
  const { settings, problem } = results;
  const positions = curveByPosition(results);
  return [
    ...problem.measures.map(({ label }, index) => ({
      title: capital(label),
      svg: drawMeasure(canvas, results, index),
    })),
    ...(positions.length > 0 ? [byPosition(canvas, results, positions)] : []),
    {
      title: "Training loss",
      svg: drawLosses(canvas, settings.encodings, curveOfLosses(results)),
      note: settings.seeds.length > 1 ? "Median over seeds; the band is their spread." : undefined,
    },
  ];
}

function byPosition(canvas: Canvas, { settings }: CompareResults, points: readonly CurvePoint[]): ResultCurves {
  return {
    title: "Nats by position within the longest window",
    svg: drawCurves(canvas, settings.encodings, points, {
      title: "nats by position within the longest window",
      xLabel: "position within the window",
      yLabel: "nats per token",
      trainLength: settings.trainLength,
    }),
    note: "Each encoding's longest possible window; lower is better.",
  };
}

/** One measure of every encoding by length. */
export function drawMeasure(canvas: Canvas, results: CompareResults, index: number): string {
  const { settings, problem } = results;
  const measure = problem.measures[index]!;
  return drawCurves(canvas, settings.encodings, curveByLength(results, index), {
    title: `${measure.label} by length`,
    xLabel: "length of the window",
    yLabel:
      measure.value === "errorRate" ? "error rate" : measure.value === "exactMatch" ? "exact match" : measure.value,
    lengths: settings.testLengths,
    points: true,
    trainLength: settings.trainLength,
    share: isShare(measure),
  });
}

/** Training losses by step; while training goes on, with all the steps that it will have. */
export function drawLosses(
  canvas: Canvas,
  encodings: readonly string[],
  points: readonly CurvePoint[],
  steps?: number,
): string {
  return drawCurves(canvas, encodings, points, {
    title: "training loss by step",
    xLabel: "step",
    yLabel: "nats per token",
    ...(steps !== undefined && { xRange: [0, steps] }),
  });
}
