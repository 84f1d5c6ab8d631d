import type { CompareResults } from "../compare/results.js";
import type { Canvas } from "./canvas.js";
import { drawCurves } from "./curves.js";
import { isShare } from "./measures.js";
import { type CurvePoint, curveByLength } from "./series.js";

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
