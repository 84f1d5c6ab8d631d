import type { Canvas } from "../report/canvas.js";
import { logarithmicAxis } from "../report/curves.js";
import { shortNumber, tickNumbers } from "../report/numbers.js";
import { seriesStyle } from "../report/theme.js";

/** One curve with its name, which stands at its end. */
export interface Curve {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Index of its colour; none for curves to compare with, which are drawn quietly. */
  readonly series?: number;
}

export interface CurvesOptions {
  readonly title: string;
  readonly description: string;
  /** The horizontal axis, in Plot's options. */
  readonly x: object;
  readonly yLabel: string;
  /** Ratios matter on the vertical axis. Default is differences. */
  readonly logarithmic?: boolean;
  /** Values that the vertical axis must show. */
  readonly include?: readonly number[];
  /** Marks the points. Default `false`. */
  readonly points?: boolean;
  /** A horizontal line with a name. */
  readonly level?: { readonly y: number; readonly label: string };
  /** Says what a point is when one hovers over it. */
  readonly pointTitle?: (label: string, x: number, y: number) => string;
}

const frame = { width: 520, height: 300, marginTop: 26, marginBottom: 40, marginLeft: 52, marginRight: 84 } as const;

/** Curves in colours and dashes that most eyes tell apart, each with its name at its end. */
export function drawHeadCurves(canvas: Canvas, curves: readonly Curve[], options: CurvesOptions): string {
  const { plot } = canvas;
  const axis = verticalAxis(curves, options);
  const marks = curves.flatMap(({ label, points, series }) => {
    const { color, dash } = series === undefined ? { color: "var(--quiet)", dash: "5 4" } : seriesStyle(series);
    return [
      plot.lineY(points, { x: "x", y: "y", stroke: color, strokeWidth: 2, strokeDasharray: dash }),
      ...(options.points && (series !== undefined || points.length === 1)
        ? [
            plot.dot(points, {
              x: "x",
              y: "y",
              fill: color,
              symbol: series === undefined ? "circle" : seriesStyle(series).symbol,
              r: points.length > 16 ? 2.5 : 4,
              ...(options.pointTitle && {
                title: ({ x, y }: { x: number; y: number }) => options.pointTitle!(label, x, y),
              }),
            }),
          ]
        : []),
    ];
  });
  return canvas.draw(
    {
      ...frame,
      x: { labelAnchor: "center", labelArrow: "none", ...options.x },
      y: { label: options.yLabel, labelArrow: "none", grid: true, tickFormat: tickNumbers(...axis.domain), ...axis },
      marks: [
        ...(options.level ? levelMarks(canvas, options.level) : []),
        ...marks,
        ...endLabels(curves, axis, canvas.text + 1).map(({ label, series, y, end }) =>
          plot.text([label], {
            x: () => end,
            y: () => y,
            text: (text: string) => text,
            dx: 8,
            textAnchor: "start",
            fill: series === undefined ? "var(--quiet)" : seriesStyle(series).color,
          }),
        ),
      ],
    },
    options.title,
    options.description,
  );
}

interface VerticalAxis {
  readonly type: "linear" | "log";
  readonly domain: readonly [number, number];
  readonly ticks: number | number[];
}

function verticalAxis(curves: readonly Curve[], { logarithmic, include = [], level }: CurvesOptions): VerticalAxis {
  const values = [...curves.flatMap(({ points }) => points.map(({ y }) => y)), ...include, ...(level ? [level.y] : [])];
  const lowest = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const highest = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (logarithmic) {
    const { ticks, domain } = logarithmicAxis(lowest, highest === lowest ? 10 * lowest : highest);
    return { type: "log", domain, ticks };
  }
  const margin = highest === lowest ? Math.max(1, Math.abs(lowest) / 10) : 0.04 * (highest - lowest);
  const exact = (value: number): boolean => include.includes(value);
  const domain = [exact(lowest) ? lowest : lowest - margin, exact(highest) ? highest : highest + margin] as const;
  return { type: "linear", domain, ticks: 6 };
}

function levelMarks({ plot }: Canvas, { y, label }: NonNullable<CurvesOptions["level"]>) {
  return [
    plot.ruleY([y], { stroke: "var(--quiet)", strokeDasharray: "2 4" }),
    plot.text([y], {
      y: (value: number) => value,
      text: () => label,
      frameAnchor: "left",
      textAnchor: "start",
      dx: 4,
      dy: -7,
      fill: "var(--quiet)",
    }),
  ];
}

/** Where the names of the curves stand: beside their ends, moved apart where they would overlap. */
function endLabels(curves: readonly Curve[], { type, domain }: VerticalAxis, labelHeight: number) {
  const place = (value: number): number => (type === "log" ? Math.log(value) : value);
  const [low, high] = [place(domain[0]), place(domain[1])];
  const height = frame.height - frame.marginTop - frame.marginBottom;
  const labels = curves
    .map(({ label, points, series }) => ({ label, series, end: points.at(-1)!.x, y: place(points.at(-1)!.y) }))
    .map((own) => ({ ...own, pixel: (height * (high - own.y)) / (high - low) }))
    .sort((a, b) => a.pixel - b.pixel);
  const end = Math.max(...labels.map((own) => own.end));
  const pixels = spread(
    labels.map(({ pixel }) => pixel),
    height - labelHeight / 2,
    labelHeight,
  );
  return labels.map(({ label, series }, index) => {
    const y = high - (pixels[index]! * (high - low)) / height;
    return { label, series, end, y: type === "log" ? Math.exp(y) : y };
  });
}

/** Sorted places moved down, and then up from the end, until they are a gap apart. */
export function spread(places: readonly number[], height: number, gap: number): readonly number[] {
  const room = Math.min(gap, places.length > 1 ? height / (places.length - 1) : gap);
  const moved = [...places];
  for (let i = 1; i < moved.length; i++) moved[i] = Math.max(moved[i]!, moved[i - 1]! + room);
  if (moved.length > 0) moved[moved.length - 1] = Math.min(moved.at(-1)!, height);
  for (let i = moved.length - 2; i >= 0; i--) moved[i] = Math.min(moved[i]!, moved[i + 1]! - room);
  return moved;
}

/** `12.3 at 64`. */
export function pointTitle(label: string, x: number, y: number): string {
  return `${label}, ${x}: ${shortNumber(y)}`;
}
