import { percent, shortNumber } from "../report/numbers.js";
import type { TaskScore } from "./language-task.js";
import { sparkline } from "./sparkline.js";
import type { TrainResults } from "./train-model.js";

/** Measures that are shares, shown in percent. */
const shares = new Set([
  "accuracy",
  "macroPrecision",
  "macroRecall",
  "macroF1",
  "microF1",
  "samplesF1",
  "weightedF1",
  "subsetAccuracy",
  "exactMatch",
  "f1",
  "reproduced",
  "calibrationError",
]);

/** `macroF1` → `macro F1`. */
export function measureName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter === "F" ? letter : letter.toLowerCase()}`);
}

/** A measure as text: a share in percent, any other with three digits. */
export function measureText(name: string, value: number): string {
  return shares.has(name) ? percent(value) : shortNumber(value);
}

const mostClasses = 20;
const longest = 60;

/** A score as aligned text: measures, classes, and a few examples. */
export function scoreTable({ measures, classes = [], examples }: TaskScore): string {
  const rows = Object.entries(measures).map(([name, value]) => [measureName(name), measureText(name, value)]);
  const byClass = classes
    .slice(0, mostClasses)
    .map(({ label, precision, recall, f1, support }) => [
      label,
      ...[precision, recall, f1].map(percent),
      String(support),
    ]);
  const shown = examples
    .slice(0, 3)
    .map(
      ({ input, expected, predicted }) => `${cut(input)}\n  → ${cut(predicted)}${expected && `\n  = ${cut(expected)}`}`,
    );
  return [
    aligned(rows),
    ...(byClass.length > 0 ? [aligned([["class", "precision", "recall", "F1", "examples"], ...byClass])] : []),
    ...shown,
  ].join("\n\n");
}

/** The results of a training as text. */
export function trainTable({ result, task, model, bestStep, losses, parameters }: TrainResults): string {
  const head = `${task} with ${model.encoding}: ${parameters.toLocaleString("en-US")} parameters, weights of step ${bestStep}`;
  const curve = `loss ${sparkline(
    losses.map(({ loss }) => loss),
    60,
  )} ${shortNumber(losses.at(-1)?.loss ?? Number.NaN)}`;
  return `${head}\n${curve}\n\n${scoreTable(result)}`;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? "")].length)));
  const cell = (text: string, column: number): string => {
    const padding = " ".repeat(widths[column]! - [...text].length);
    return column === 0 ? text + padding : padding + text;
  };
  return rows.map((row) => row.map(cell).join("  ")).join("\n");
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return [...line].length > longest ? `${[...line].slice(0, longest).join("")}…` : line;
}
