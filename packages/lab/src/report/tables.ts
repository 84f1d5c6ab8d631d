import type { CompareResults, EncodingResults, Measure, MeasuredRows } from "../compare/results.js";
import { median } from "../compare/statistics.js";
import { html, type Markup } from "./html.js";
import { bestAt, formatMeasure, growth } from "./measures.js";
import { bytes, duration } from "./numbers.js";
import { drawKey } from "./pictures.js";
import { finishedRuns } from "./series.js";

/** One measure: encodings down, lengths across, with the spread over seeds below each median. */
export function measureTable(results: MeasuredRows, measure: Measure, measureIndex: number): Markup {
  const { testLengths, trainLength, seeds } = results.settings;
  const best = testLengths.map((_, index) => bestAt(results.encodings, measure, measureIndex, index));
  const withGrowth =
    measure.value === "perplexity" && testLengths.includes(trainLength) && Math.max(...testLengths) > trainLength;
  const rows = results.encodings.map((encoding, index) => {
    const lengths = encoding.measures[measureIndex]?.lengths ?? [];
    const ratio = growth(lengths, trainLength);
    return html`<tr><th scope="row">${drawKey(index)} ${encoding.name}</th>${lengths.map((summary, column) =>
      summary.possible
        ? html`<td class="${summary.median === best[column] ? "best" : ""}">${formatMeasure(measure, summary.median)}${
            seeds.length > 1 &&
            html`<small>${formatMeasure(measure, summary.minimum)} – ${formatMeasure(measure, summary.maximum)}</small>`
          }</td>`
        : html`<td title="${summary.reason}">—<small>not possible</small></td>`,
    )}${withGrowth && html`<td>${ratio === undefined ? "—" : ratio.toFixed(ratio < 9.995 ? 2 : ratio < 99.95 ? 1 : 0)}</td>`}</tr>`;
  });
  return html`<div><h3>${capital(measure.label)}</h3>
<p class="quiet">${measure.explanation} ${capital(measure.better)} is better${
    seeds.length > 1 ? `; median and range of ${seeds.length} seeds` : seeds.map((seed) => `; seed ${seed}`)
  }.</p>
<div class="scroll"><table>
<thead><tr><th scope="col">${results.subject ?? "encoding"}</th>${testLengths.map((length) => html`<th scope="col">${length}${length === trainLength && html`<small> (trained)</small>`}</th>`)}${
    withGrowth && html`<th scope="col">${Math.max(...testLengths)} ÷ ${trainLength}</th>`
  }</tr></thead>
<tbody>${rows}</tbody></table></div></div>`;
}

/** Lengths that an encoding cannot do, and why. */
export function refusals(encodings: readonly Pick<EncodingResults, "name" | "measures">[]): Markup {
  const lines = encodings.flatMap(({ name, measures }) => {
    const refused = measures[0]?.lengths.find((summary) => !summary.possible);
    return refused && !refused.possible
      ? [html`<li>${name}, from length ${refused.length}: ${refused.reason}</li>`]
      : [];
  });
  return lines.length === 0 ? html`` : html`<div class="quiet"><p>Not possible:</p><ul>${lines}</ul></div>`;
}

/** Runs that failed, and why. */
export function failures({ encodings }: CompareResults): Markup {
  const lines = encodings.flatMap(({ name, failures }) =>
    failures.map(({ seed, step, reason }) => html`<li>${name}, seed ${seed}: failed at step ${step}: ${reason}</li>`),
  );
  return lines.length === 0
    ? html``
    : html`<div class="warning"><strong>Some runs failed</strong><ul>${lines}</ul></div>`;
}

/** Time per step, time of the evaluation and number of parameters of each encoding. */
export function timingTable(results: CompareResults): Markup {
  const rows = results.encodings.map(({ name }, index) => {
    const runs = finishedRuns(results, name);
    const middle = (pick: (run: (typeof runs)[number]) => number): number => median(runs.map(pick));
    return html`<tr><th scope="row">${drawKey(index)} ${name}</th>${
      runs.length === 0
        ? html`<td>—</td><td>—</td><td>—</td>`
        : html`<td>${middle((run) => run.parameters).toLocaleString("en-US")}</td><td>${duration(middle((run) => run.timings.trainMillisecondsPerStep))}</td><td>${duration(middle((run) => run.timings.evaluateMilliseconds))}</td>`
    }</tr>`;
  });
  return html`<div class="scroll"><table><thead><tr><th scope="col">encoding</th><th scope="col">parameters</th><th scope="col">a training step</th><th scope="col">evaluation</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** Every setting, the machine, the versions and what the backend runs on. */
export function settingsTables({
  settings,
  environment,
  createdAt,
}: Pick<CompareResults, "environment" | "createdAt"> & { readonly settings: object }): Markup {
  const { versions, backend } = environment;
  const { cpu, cores, memoryBytes, platform, node } = environment.machine;
  const rows = (entries: readonly (readonly [string, string | undefined])[]): Markup =>
    html`<table class="settings"><tbody>${entries.map(([key, value]) => value && html`<tr><th scope="row">${key}</th><td>${value}</td></tr>`)}</tbody></table>`;
  const settingRows = Object.entries(settings).map(([key, value]) => [words(key), display(value)] as const);
  return html`<div class="grid"><div>${rows(settingRows)}</div><div>${rows([
    ["finished", createdAt.replace("T", " ").replace(/\.\d+Z$/, " UTC")],
    ["processor", [cpu, cores && `${cores} ${cores === 1 ? "core" : "cores"}`].filter(Boolean).join(", ")],
    ["memory", memoryBytes === undefined ? undefined : bytes(memoryBytes)],
    ["system", platform],
    ["Node", node],
    ...Object.entries(versions),
    ...Object.entries(backend).map(([key, value]) => [key, String(value)] as const),
  ])}</div></div>`;
}

/** The command line that repeats the comparison. */
export function reproduction({ environment }: CompareResults): Markup {
  return html`${environment.command && html`<pre>${environment.command}</pre>`}
<p class="quiet">Batches and initial weights follow from the seeds alone. With the same versions, backend and machine the numbers are the same; elsewhere they agree to rounding, which training magnifies.</p>`;
}

/** With a capital first letter. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `trainLength` → `train length`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** Settings as `name value`, those without a value left out. */
export function displayEntries(settings: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(settings).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return [isParts(value) ? `${key} (${display(value)})` : `${key} ${display(value)}`];
  });
}

const longestList = 16;

/** A setting as words: lists with commas, parts by name. */
export function display(value: unknown): string {
  if (ArrayBuffer.isView(value)) return display(Array.from(value as Float64Array));
  if (Array.isArray(value)) {
    const shown = value.slice(0, longestList).map(display).join(", ");
    return value.length > longestList ? `${shown}, … (${value.length})` : shown;
  }
  return isParts(value) ? displayEntries(value).join(", ") : String(value);
}

/** Whether a setting has parts with names. */
function isParts(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
