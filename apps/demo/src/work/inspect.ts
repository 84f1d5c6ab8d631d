import { createReferenceBackend } from "@relpos/backend-reference";
import { describeCatalogue, inspect } from "@relpos/lab";
import { type Canvas, capital, createCanvas, drawInspection, gallery, html, type Markup } from "@relpos/lab/report";
import type { InspectRequest, TextSize } from "../messages.js";
import { explain } from "./failure.js";

const backend = createReferenceBackend();
/** By their size of text. One serves many drawings, whose names in the page must differ. */
const canvases = new Map<TextSize, Promise<Canvas>>();

/** Names of the encodings that a decoder can be trained with. */
export function causalEncodings(): readonly string[] {
  return describeCatalogue().flatMap(({ name, attention }) => (attention === "bidirectional" ? [] : [name]));
}

/** What an encoding does to attention before training, in words and pictures, or why that cannot be said. */
export async function drawEncoding(request: InspectRequest, text: TextSize): Promise<string> {
  try {
    return (await pictures(request, text)).text;
  } catch (error) {
    const { problem, remedy } = explain(error);
    return html`<p class="error">${capital(problem)} — ${remedy}.</p>`.text;
  }
}

async function pictures({ encoding, ...sizes }: InspectRequest, text: TextSize): Promise<Markup> {
  const inspection = await inspect(encoding, sizes, { backend });
  const canvas = canvases.get(text) ?? createCanvas(text);
  canvases.set(text, canvas);
  const sections = drawInspection(await canvas, inspection).filter(({ drawings }) =>
    drawings.every(({ file }) => file !== "entropy"),
  );
  const { summary, parameters } = inspection.encoding;
  return html`<p>${capital(summary)}.</p>
${sections.length === 0 && html`<p class="quiet">Nothing to draw: it does not touch the scores.</p>`}${sections.map(
  ({ title, text, drawings }) => html`<h4>${title}</h4>
<p class="quiet">${text.join(" ")}</p>
${gallery(drawings)}`,
)}${parameters.length > 0 && html`<p class="quiet">Drawn with the values that its parameters have before training.</p>`}`;
}
