import type { CompareResults } from "../compare/results.js";
import { createCanvas } from "./canvas.js";
import { html, Markup } from "./html.js";
import { drawKey, drawPicture } from "./pictures.js";
import { drawAllCurves } from "./result-curves.js";
import { finishedRuns } from "./series.js";
import {
  displayEntries,
  failures,
  measureTable,
  refusals,
  reproduction,
  settingsTables,
  timingTable,
} from "./tables.js";
import { styleSheet } from "./theme.js";

/** The results as one HTML page without any reference to the outside: tables, curves, pictures, settings. */
export async function renderReport(results: CompareResults): Promise<string> {
  const canvas = await createCanvas();
  const { settings, problem, encodings } = results;
  const legend = html`<ul class="legend">${settings.encodings.map((name, index) => html`<li>${drawKey(index)}${name}</li>`)}</ul>`;
  const panel = (title: string, svg: string, note?: string): Markup =>
    html`<figure class="panel"><h3>${title}</h3>${new Markup(svg)}${note && html`<figcaption class="quiet">${note}</figcaption>`}</figure>`;

  const curves = drawAllCurves(canvas, results).map(({ title, svg, note }) => panel(title, svg, note));

  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>relpos compare: ${problem.title}</title>
<style>${new Markup(styleSheet)}</style>
</head>
<body>
<header>
<h1>Position encodings beyond the length they were trained on</h1>
<p>${introduction(results)}</p>
</header>
${failures(results)}
<section><h2>Results</h2>
<div class="tables">${problem.measures.map((measure, index) => measureTable(results, measure, index))}</div>
${refusals(encodings)}
</section>
<section><h2>Curves</h2>
${legend}
<div class="grid">${curves}</div>
</section>
<section><h2>What each encoding does</h2>
<div class="cards">${encodings.map((encoding, index) => {
    const run = finishedRuns(results, encoding.name)[0];
    const picture = run ? drawPicture(canvas, encoding.name, run.picture) : undefined;
    const details = displayEntries(encoding.settings);
    return html`<article class="panel"><h3>${drawKey(index)} ${encoding.name}</h3><p class="quiet">${encoding.summary}${
      details.length > 0 ? html`<br>${details.join(", ")}` : undefined
    }</p>${
      picture?.text
        ? html`${picture}${run?.picture.trained && html`<p class="quiet">As trained with seed ${run.seed}.</p>`}`
        : html`<p class="quiet">Nothing to draw: no part of it depends on position alone.</p>`
    }</article>`;
  })}</div>
</section>
<section><h2>Timings</h2>${timingTable(results)}</section>
<section><h2>Settings and versions</h2>${settingsTables(results)}</section>
<section><h2>How to repeat it</h2>${reproduction(results)}</section>
</body>
</html>
`;
  return page.text;
}

function introduction({ settings, problem }: CompareResults): string {
  const { layers, width, heads, steps, batch, trainLength, seeds, testLengths } = settings;
  const model = `${layers} ${layers === 1 ? "layer" : "layers"} of width ${width} with ${heads} ${heads === 1 ? "head" : "heads"}`;
  const runs = seeds.length === 1 ? "once" : `${seeds.length} times with different seeds`;
  return `${problem.summary} The same decoder (${model}) was trained with each encoding, ${runs}, on ${steps} batches of ${batch} windows of ${trainLength} tokens: the same batches and, where shapes agree, the same initial weights. It was then measured at lengths ${testLengths.join(", ")}.`;
}
