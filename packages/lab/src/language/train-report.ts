import { createCanvas } from "../report/canvas.js";
import { drawCurves } from "../report/curves.js";
import { html, Markup } from "../report/html.js";
import { drawMatrix, ramp } from "../report/matrix.js";
import { duration, percent } from "../report/numbers.js";
import { capital, display } from "../report/tables.js";
import { styleSheet } from "../report/theme.js";
import type { TaskScore } from "./language-task.js";
import { measureName, measureText } from "./score-table.js";
import type { TrainResults } from "./train-model.js";

/** A training as one HTML page without any reference to the outside: measures, curves, confusion, examples, settings. */
export async function renderTrainReport(results: TrainResults): Promise<string> {
  const canvas = await createCanvas();
  const { task, model, result, losses, evaluations, settings } = results;
  const curve = (name: string, label: string, points: readonly { readonly step: number; readonly value: number }[]) => {
    const own = points.map(({ step, value }) => ({ encoding: name, x: step, y: value, low: value, high: value }));
    return new Markup(
      drawCurves(canvas, [name], own, { title: label, xLabel: "step", yLabel: name, points: own.length < 40 }),
    );
  };
  const panel = (title: string, content: Markup, note?: string): Markup =>
    html`<figure class="panel"><h3>${title}</h3>${content}${note && html`<figcaption class="quiet">${note}</figcaption>`}</figure>`;
  const measures = Object.keys(evaluations[0]?.measures ?? {}).slice(0, 3);
  const confusion = result.confusion && confusionPicture();
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>relpos train ${task}: ${model.encoding}</title>
<style>${new Markup(styleSheet)}</style>
</head>
<body>
<header><h1>${capital(task)} with ${model.encoding}</h1>
<p>${results.parameters.toLocaleString("en-US")} parameters; ${losses.at(-1)?.step ?? 0} steps in ${duration(results.trainMilliseconds)}; the weights of step ${results.bestStep} were kept.</p></header>
<section><h2>Results</h2>${measureRows(result)}${classRows(result)}</section>
<section><h2>Curves</h2><div class="grid">
${panel(
  "Training loss",
  curve(
    "loss",
    "training loss by step",
    losses.map(({ step, loss }) => ({ step, value: loss })),
  ),
)}
${measures.map((name) =>
  panel(
    capital(measureName(name)),
    curve(
      name,
      `${measureName(name)} by step`,
      evaluations.map(({ step, measures }) => ({ step, value: measures[name]! })),
    ),
    "On the validation data.",
  ),
)}
</div></section>
${confusion && html`<section><h2>Confusion</h2>${confusion}</section>`}
${result.examples.length > 0 && html`<section><h2>Examples</h2>${exampleRows(result)}</section>`}
<section><h2>Settings and versions</h2>${settingRows({ ...settings, ...results.backend })}${settingRows({ ...results.environment.machine, ...results.environment.versions, ...results.environment.backend })}</section>
${results.environment.command && html`<section><h2>How to repeat it</h2><pre>${results.environment.command}</pre></section>`}
</body>
</html>
`;
  return page.text;

  function confusionPicture(): Markup {
    const rows = result.confusion!.map((row) => {
      const total = row.reduce((sum, count) => sum + count, 0);
      return row.map((count) => (total === 0 ? 0 : count / total));
    });
    const range = { lowest: 0, highest: 1, clipped: false };
    const labels = (model.labels ?? []).join(", ");
    return html`<figure class="panel picture-wide">${new Markup(drawMatrix(canvas, rows, range, "confusion matrix", false))}${ramp(range)}<figcaption class="quiet">Rows are what a text is, columns what it was taken for, both in the order ${labels}; shares of a row.</figcaption></figure>`;
  }
}

function measureRows({ measures }: TaskScore): Markup {
  const rows = Object.entries(measures).map(
    ([name, value]) => html`<tr><th scope="row">${measureName(name)}</th><td>${measureText(name, value)}</td></tr>`,
  );
  return html`<table><tbody>${rows}</tbody></table>`;
}

function classRows({ classes = [] }: TaskScore): Markup {
  if (classes.length === 0) return html``;
  const rows = classes.map(
    ({ label, precision, recall, f1, support }) =>
      html`<tr><th scope="row">${label}</th><td>${percent(precision)}</td><td>${percent(recall)}</td><td>${percent(f1)}</td><td>${support}</td></tr>`,
  );
  return html`<div class="scroll"><table><thead><tr><th scope="col">class</th><th scope="col">precision</th><th scope="col">recall</th><th scope="col">F1</th><th scope="col">examples</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function exampleRows({ examples }: TaskScore): Markup {
  const rows = examples.map(
    ({ input, expected, predicted }) => html`<tr><td>${input}</td><td>${predicted}</td><td>${expected}</td></tr>`,
  );
  return html`<div class="scroll"><table class="settings"><thead><tr><th scope="col">input</th><th scope="col">predicted</th><th scope="col">expected</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function settingRows(values: Readonly<Record<string, unknown>>): Markup {
  const rows = Object.entries(values).map(
    ([name, value]) =>
      value !== undefined && html`<tr><th scope="row">${measureName(name)}</th><td>${display(value)}</td></tr>`,
  );
  return html`<table class="settings"><tbody>${rows}</tbody></table>`;
}
