import type { CompareSettings, Measure, MeasuredRows } from "../compare/results.js";
import { type Canvas, createCanvas } from "../report/canvas.js";
import { drawCurves } from "../report/curves.js";
import { html, Markup } from "../report/html.js";
import { isShare } from "../report/measures.js";
import { percent } from "../report/numbers.js";
import { drawKey } from "../report/pictures.js";
import type { CurvePoint } from "../report/series.js";
import { capital, measureTable, refusals, settingsTables } from "../report/tables.js";
import { heatColor, styleSheet } from "../report/theme.js";
import { measuredRows } from "./measured-rows.js";
import type { ExtendResults, MethodAtLength, PossibleMethod } from "./results.js";

const style = `
.answer { border-left: 4px solid var(--accent); padding: 0.25rem 0.75rem; font-size: 1.05rem; }
.depths h3 { overflow-wrap: anywhere; }
.depths table { font-size: 0.8rem; margin-top: 0.25rem; }
.depths th, .depths td { padding: 0.2rem 0.45rem; text-align: center; background: none; position: static; }
.depths td { border: 1px solid var(--panel); min-width: 3.2rem; }
`;

/** An extension as one HTML page without any reference to the outside: what to do, tables, curves, passkeys by depth. */
export async function renderExtension(results: ExtendResults): Promise<string> {
  const canvas = await createCanvas();
  const { settings, model, methods, recommendation, environment } = results;
  const rows = measuredRows(results);
  const names = methods.map(({ name }) => name);
  const legend = html`<ul class="legend">${names.map((name, index) => html`<li>${drawKey(index)}${name}</li>`)}</ul>`;
  const panel = (title: string, svg: string): Markup =>
    html`<figure class="panel"><h3>${title}</h3>${new Markup(svg)}</figure>`;
  const possible = methods.filter((method): method is PossibleMethod => method.possible);
  const byLength =
    settings.lengths.length > 1 &&
    rows.problem.measures.map((measure, index) =>
      panel(capital(measure.label), drawByLength(canvas, rows, measure, index)),
    );
  const byPosition = settings.lengths.map((length) =>
    panel(
      `Nats by position, windows of ${length}`,
      drawByPosition(canvas, names, possible, length, model.contextLength),
    ),
  );
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>relpos extend: ${settings.model.name}</title>
<style>${new Markup(styleSheet)}${new Markup(style)}</style>
</head>
<body>
<header>
<h1>How far ${settings.model.name} reads, and with what</h1>
<p>${introduction(results)}</p>
<p class="answer">${recommendation.sentence}</p>
</header>
<section><h2>Results</h2>
<div class="tables">${rows.problem.measures.map((measure, index) => measureTable(rows, measure, index))}</div>
${refusals(rows.encodings)}
</section>
<section><h2>Curves</h2>
${legend}
<div class="grid">${byLength}${byPosition}</div>
</section>
${passkeys(possible, settings)}
<section><h2>Settings and versions</h2>${settingsTables({ ...results, settings: { ...settings, parameters: model.parameters } })}</section>
${environment.command && html`<section><h2>How to repeat it</h2><pre>${environment.command}</pre></section>`}
</body>
</html>
`;
  return page.text;
}

function introduction({ settings, model }: ExtendResults): string {
  const { text, tokens, lengths, keys, depths } = settings;
  const asked = keys === 0 ? "" : ` ${keys} passkeys at each of ${depths.length} depths were asked for at each length.`;
  return `A ${model.family} of ${model.parameters.toLocaleString("en-US")} parameters with ${model.encodings.join(" and ")}, which reads ${model.contextLength} tokens as it is. With each method it read the same ${tokens.toLocaleString("en-US")} tokens of ${text.name}, in windows of ${lengths.join(", ")} tokens; nothing was trained.${asked}`;
}

function drawByLength(canvas: Canvas, rows: MeasuredRows, measure: Measure, index: number): string {
  const { testLengths, trainLength } = rows.settings;
  const points = rows.encodings.flatMap(({ name, measures }): readonly CurvePoint[] =>
    (measures[index]?.lengths ?? []).flatMap((summary) =>
      summary.possible
        ? [{ encoding: name, x: summary.length, y: summary.median, low: summary.minimum, high: summary.maximum }]
        : [],
    ),
  );
  return drawCurves(
    canvas,
    rows.encodings.map(({ name }) => name),
    points,
    {
      title: `${measure.label} by length`,
      xLabel: "length of the window",
      yLabel: measure.value === "exactMatch" ? "found" : measure.value,
      lengths: testLengths,
      points: true,
      ...(isWithin(trainLength, testLengths) && { trainLength }),
      share: isShare(measure),
    },
  );
}

const isWithin = (length: number, lengths: CompareSettings["testLengths"]): boolean =>
  length >= (lengths[0] as number) && length <= (lengths.at(-1) as number);

function drawByPosition(
  canvas: Canvas,
  names: readonly string[],
  methods: readonly PossibleMethod[],
  length: number,
  contextLength: number,
): string {
  const points = methods.flatMap(({ name, lengths }) => {
    const measured = lengths.find((one) => one.length === length) as MethodAtLength;
    const { natsByPosition, positionsPerGroup } = measured;
    return natsByPosition.map((y, group): CurvePoint => {
      const x = Math.min(length, (group + 0.5) * positionsPerGroup);
      return { encoding: name, x, y, low: y, high: y };
    });
  });
  return drawCurves(canvas, names, points, {
    title: `nats by position within windows of ${length} tokens`,
    xLabel: "position within the window",
    yLabel: "nats per token",
    xRange: [0, length],
    ...(contextLength < length && { trainLength: contextLength }),
  });
}

/** A coloured table for each method: depths down, lengths across. */
function passkeys(methods: readonly PossibleMethod[], { depths, lengths }: ExtendResults["settings"]): Markup {
  const answered = methods.filter((method) => method.lengths.some(({ passkey }) => passkey.possible));
  if (answered.length === 0) {
    const [refused] = methods.flatMap((method) => method.lengths.map(({ passkey }) => passkey));
    return refused && !refused.possible
      ? html`<section><h2>Passkeys by depth</h2><p class="quiet">None: ${refused.reason}.</p></section>`
      : html``;
  }
  const cell = (method: PossibleMethod, length: number, depth: number): Markup => {
    const passkey = method.lengths.find((one) => one.length === length)?.passkey;
    if (!passkey?.possible) return html`<td>—</td>`;
    const share = passkey.found[depth] as number;
    const ink = share > 0.5 ? "#111" : "#fff";
    return html`<td style="background: ${heatColor(share)}; color: ${ink}">${Math.round(100 * share)} %</td>`;
  };
  const tables = answered.map((method) => {
    const heads = lengths.map((length) => html`<th scope="col">${length}</th>`);
    const body = depths.map(
      (depth, index) =>
        html`<tr><th scope="row">${percent(depth).replace(".0", "")}</th>${lengths.map((length) => cell(method, length, index))}</tr>`,
    );
    return html`<figure class="panel"><h3>${method.name}</h3><div class="scroll"><table>
<thead><tr><th scope="col">depth</th>${heads}</tr></thead><tbody>${body}</tbody></table></div></figure>`;
  });
  return html`<section><h2>Passkeys by depth</h2>
<p class="quiet">Share of the passkeys found: where they stood down, from the beginning to the end of the text; tokens across.</p>
<div class="maps depths">${tables}</div></section>`;
}
