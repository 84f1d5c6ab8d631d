import type { LengthSummary, Measure, MeasuredRows } from "../compare/results.js";
import { bestAt, formatMeasure, isShare } from "./measures.js";
import { percent, withSpread } from "./numbers.js";

export interface TerminalTableOptions {
  /** Draws the best value of each column; default is no decoration. */
  readonly emphasize?: (text: string) => string;
}

/** The results as aligned text: for each measure one table, encodings down, lengths across. */
export function terminalTable(results: MeasuredRows, options: TerminalTableOptions = {}): string {
  const tables = results.problem.measures.map((measure, index) => measureTable(results, measure, index, options));
  return [...tables, ...notes(results)].join("\n\n");
}

function measureTable(
  results: MeasuredRows,
  measure: Measure,
  measureIndex: number,
  { emphasize = (text) => text }: TerminalTableOptions,
): string {
  const { testLengths, seeds, trainLength } = results.settings;
  const header = [
    results.subject ?? "encoding",
    ...testLengths.map((length) => (length === trainLength ? `${length}*` : String(length))),
  ];
  const rows = results.encodings.map((encoding) => [
    encoding.name,
    ...(encoding.measures[measureIndex]?.lengths ?? []).map((summary) => cell(measure, summary, seeds.length)),
  ]);
  const best = testLengths.map((_, index) => bestAt(results.encodings, measure, measureIndex, index));
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => [...(row[column] ?? "")].length)),
  );
  const draw = (row: readonly string[], decorate: (text: string, column: number) => string): string =>
    row
      .map((text, column) => {
        const padding = " ".repeat(widths[column]! - [...text].length);
        const decorated = decorate(text, column);
        return column === 0 ? decorated + padding : padding + decorated;
      })
      .join("  ")
      .trimEnd();
  const lines = rows.map((row, index) =>
    draw(row, (text, column) => {
      const summary = results.encodings[index]!.measures[measureIndex]?.lengths[column - 1];
      return summary?.possible && summary.median === best[column - 1] ? emphasize(text) : text;
    }),
  );
  const spread =
    seeds.length > 1
      ? `median of ${seeds.length} seeds ± half the spread; `
      : seeds.map((seed) => `seed ${seed}; `).join("");
  const head = draw(header, (text) => text);
  return [`${measure.label} (${spread}${measure.better} is better)`, head, "─".repeat([...head].length), ...lines].join(
    "\n",
  );
}

function cell(measure: Measure, summary: LengthSummary, seeds: number): string {
  if (!summary.possible) return "—";
  if (seeds <= 1) return formatMeasure(measure, summary.median);
  const spread = (summary.maximum - summary.minimum) / 2;
  return isShare(measure)
    ? `${percent(summary.median)} ±${(100 * spread).toFixed(1)}`
    : withSpread(summary.median, spread);
}

function notes(results: MeasuredRows): readonly string[] {
  const { testLengths, trainLength } = results.settings;
  const trained = testLengths.includes(trainLength) ? ["* the training length"] : [];
  const refusals = results.encodings.flatMap(({ name, measures }) => {
    const refused = measures[0]?.lengths.find((summary) => !summary.possible);
    return refused && !refused.possible
      ? [`— ${name}: not possible from length ${refused.length}: ${refused.reason}`]
      : [];
  });
  const failures = results.encodings.flatMap(({ name, failures }) =>
    failures.map(({ seed, step, reason }) => `! ${name}, seed ${seed}: failed at step ${step}: ${reason}`),
  );
  const lines = [...trained, ...refusals, ...failures];
  return lines.length === 0 ? [] : [lines.join("\n")];
}
