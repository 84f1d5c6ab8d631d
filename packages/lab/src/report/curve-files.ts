import type { CompareResults } from "../compare/results.js";
import { createCanvas, drawingSize } from "./canvas.js";
import { html, Markup } from "./html.js";
import { drawKey } from "./pictures.js";
import { drawAllCurves, type ResultCurves } from "./result-curves.js";
import { standalone } from "./standalone.js";

/** The curves of a comparison as SVG files with a legend, by name: for a README, slides, a paper. */
export async function renderCurves(results: CompareResults): Promise<Readonly<Record<string, string>>> {
  const curves = drawAllCurves(await createCanvas(), results);
  return Object.fromEntries(
    curves.map((curve) => [`${fileName(curve.title)}.svg`, standalone(withLegend(curve, results.settings.encodings))]),
  );
}

const fileName = (title: string): string => title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");

/** Heights of the title and of a row of the legend, the width of a letter, and the margin, in the units of a drawing. */
const sizes = { title: 28, row: 20, letter: 7, margin: 8 } as const;

/** One SVG element: the title, a key and name for each encoding, and the curves below. */
function withLegend({ title, svg }: ResultCurves, encodings: readonly string[]): string {
  const { width, height } = drawingSize;
  const { margin } = sizes;
  const wide = 44 + sizes.letter * Math.max(...encodings.map((name) => name.length));
  const columns = Math.max(1, Math.floor(width / wide));
  const top = sizes.title + sizes.row * Math.ceil(encodings.length / columns);
  const legend = encodings.map((name, index) => {
    const [x, y] = [wide * (index % columns), sizes.title + sizes.row * Math.floor(index / columns)];
    const key = new Markup(drawKey(index).text.replace("<svg ", '<svg width="30" height="12" '));
    return html`<g transform="translate(${x} ${y})">${key}<text x="36" y="10">${name}</text></g>`;
  });
  const view = [-margin, -margin, width + 2 * margin, top + height + 2 * margin];
  return html`<svg viewBox="${view.join(" ")}" role="img" aria-label="${title}" style="padding: 0" fill="currentColor" font-size="12"><text y="14" font-size="14" font-weight="600">${title}</text>${legend}${new Markup(svg.replace("<svg ", `<svg y="${top}" `))}</svg>`
    .text;
}
