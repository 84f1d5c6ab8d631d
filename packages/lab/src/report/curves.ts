import type { CompareResults } from "../compare/results.js";
import type { Canvas } from "./canvas.js";
import { shortNumber, tickNumber } from "./numbers.js";
import type { CurvePoint } from "./series.js";
import { seriesStyle } from "./theme.js";

/** What distinguishes one curve plot from another. */
export interface CurveOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Logarithmic axis of lengths, with these ticks. Default is a linear axis. */
  readonly lengths?: readonly number[];
  /** Marks all points, for curves of few of them. Default is the last one. */
  readonly points?: boolean;
  /** Where a linear horizontal axis begins and ends. Default is where the curves do. */
  readonly xRange?: readonly [number, number];
  /** Where to mark the training length. Default is nowhere. */
  readonly trainLength?: number;
  /** Values are shares, shown in percent. Default is false. */
  readonly share?: boolean;
}

/** Above this ratio of largest to smallest value the vertical axis is logarithmic. */
const logarithmicFrom = 5;

/** Curves of encodings by their places in a list, in their colours, dashes and symbols, with the spread over seeds. */
export function drawCurves(
  canvas: Canvas,
  encodings: CompareResults["settings"]["encodings"],
  points: readonly CurvePoint[],
  options: CurveOptions,
): string {
  const { plot } = canvas;
  const values = points.flatMap(({ low, high }) => [low, high]);
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const logarithmic = !options.share && lowest > 0 && highest / lowest > logarithmicFrom;
  const axis = logarithmic ? logarithmicAxis : linearAxis;
  const spread = points.some(({ low, high }) => high > low);
  const curves = encodings.map((name, index) => ({
    style: seriesStyle(index),
    points: points.filter(({ encoding }) => encoding === name),
  }));
  return canvas.draw(
    {
      marginLeft: 52,
      marginRight: 18,
      marginTop: 30,
      marginBottom: 40,
      x: {
        label: options.xLabel,
        labelAnchor: "center",
        labelArrow: "none",
        ...(options.lengths
          ? { type: "log" as const, base: 2, ticks: [...options.lengths], tickFormat: (value: number) => String(value) }
          : { nice: true, ticks: 6, ...(options.xRange && { domain: options.xRange }) }),
      },
      y: {
        label: options.yLabel,
        labelArrow: "none",
        grid: true,
        type: logarithmic ? "log" : "linear",
        ...(options.share ? { nice: true, ticks: 6 } : axis(lowest, highest)),
        tickFormat: options.share ? (value: number) => `${Math.round(100 * value)} %` : tickNumber,
      },
      marks: [
        ...(options.trainLength === undefined ? [] : trainLengthMarks(canvas, options.trainLength)),
        ...curves.flatMap(({ style, points: own }) => [
          ...(spread && !options.points
            ? [plot.areaY(own, { x: "x", y1: "low", y2: "high", fill: style.color, fillOpacity: 0.12 })]
            : []),
          ...(spread && options.points
            ? [
                plot.ruleX(own, {
                  x: "x",
                  y1: "low",
                  y2: "high",
                  stroke: style.color,
                  strokeWidth: 1.5,
                  strokeOpacity: 0.7,
                }),
              ]
            : []),
          plot.lineY(own, { x: "x", y: "y", stroke: style.color, strokeWidth: 2, strokeDasharray: style.dash }),
          plot.dot(options.points ? own : own.slice(-1), {
            x: "x",
            y: "y",
            fill: style.color,
            symbol: style.symbol,
            r: 4,
            title: ({ encoding, x, y, low, high }: CurvePoint) =>
              `${encoding}, ${x}: ${shortNumber(y)}${high > low ? ` (${shortNumber(low)} to ${shortNumber(high)})` : ""}`,
          }),
        ]),
      ],
    },
    options.title,
  );
}

function trainLengthMarks({ plot, text }: Canvas, trainLength: number) {
  return [
    plot.ruleX([trainLength], { stroke: "var(--quiet)", strokeDasharray: "2 4" }),
    plot.text([trainLength], {
      x: (length: number) => length,
      text: () => "training length",
      frameAnchor: "top",
      textAnchor: "start",
      dx: 4,
      dy: -12,
      fill: "var(--quiet)",
      fontSize: text - 1,
    }),
  ];
}

/** Narrower values than a tenth of their size stand in the middle: small differences look small, and ticks differ. */
export function linearAxis(lowest: number, highest: number) {
  const missing = Math.max(0, Math.abs(highest) / 10 - (highest - lowest)) / 2;
  return { nice: true, ticks: 6, domain: [lowest - missing, highest + missing] };
}

/** Ticks at round numbers, about four to eight, and a domain from the tick below all values to the tick above. */
export function logarithmicAxis(lowest: number, highest: number): { ticks: number[]; domain: [number, number] } {
  const decades = Math.log10(highest / lowest);
  const steps = decades < 1 ? [1, 1.5, 2, 3, 4, 5, 7] : decades < 2 ? [1, 2, 5] : decades < 3.5 ? [1, 3] : [1];
  const candidates: number[] = [];
  for (let power = Math.floor(Math.log10(lowest)); power <= Math.ceil(Math.log10(highest)); power++) {
    for (const step of steps) candidates.push(Number((step * 10 ** power).toPrecision(3)));
  }
  const first = candidates.findLastIndex((tick) => tick <= lowest);
  const last = candidates.findIndex((tick) => tick >= highest);
  const ticks = candidates.slice(first, last + 1);
  return { ticks, domain: [ticks[0]!, ticks.at(-1)!] };
}
