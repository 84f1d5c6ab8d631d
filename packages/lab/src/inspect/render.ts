import { type Canvas, createCanvas } from "../report/canvas.js";
import { html, Markup } from "../report/html.js";
import { standalone } from "../report/standalone.js";
import { capital } from "../report/tables.js";
import { styleSheet } from "../report/theme.js";
import { factsOf } from "./description-text.js";
import { drawEntropy } from "./draw-entropy.js";
import { drawByDistance, drawHeatMaps, mapRange } from "./draw-maps.js";
import { drawRotation } from "./draw-rotation.js";
import type { Drawing } from "./drawing.js";
import type { HeadMaps, Inspection } from "./inspection.js";

/** An inspection in pictures: one page that needs nothing else, and each drawing as a file of its own. */
export interface RenderedInspection {
  readonly page: string;
  /** Texts of SVG files by their names. */
  readonly drawings: Readonly<Record<string, string>>;
}

/** Draws all that an inspection measured. */
export async function renderInspection(inspection: Inspection): Promise<RenderedInspection> {
  const sections = drawInspection(await createCanvas(), inspection);
  const drawings = sections.flatMap((section) => section.drawings);
  return {
    page: page(inspection, sections),
    drawings: Object.fromEntries(drawings.map(({ file, svg }) => [`${file}.svg`, standalone(svg)])),
  };
}

/** Drawings that belong together, with what there is to say about them. The last of several is a curve. */
export interface InspectionSection {
  readonly title: string;
  readonly text: readonly string[];
  readonly drawings: readonly Drawing[];
}

/** The drawings of an inspection for a page with the report's style sheet: what it does to scores, rotations, entropy. */
export function drawInspection(canvas: Canvas, inspection: Inspection): readonly InspectionSection[] {
  const { encoding, settings, bias, scores, rotation, entropy } = inspection;
  const { name } = encoding;
  const { causal, length } = settings;
  return [
    ...[bias, scores].flatMap((maps) => (maps ? [mapSection(maps, causal)] : [])),
    ...(rotation
      ? [
          {
            title: "Rotations",
            text: rotationText(inspection),
            drawings: [drawRotation(canvas, name, rotation, length)],
          },
        ]
      : []),
    {
      title: "Entropy of attention",
      text: entropyText(inspection),
      drawings: [drawEntropy(canvas, name, entropy, encoding.hooks.length > 0)],
    },
  ];

  function mapSection(maps: HeadMaps, causal: boolean): InspectionSection {
    return {
      title: mapTitles[maps.kind],
      text: mapText(maps, inspection),
      drawings: [...drawHeatMaps(canvas, name, maps, causal), drawByDistance(canvas, name, maps, causal)],
    };
  }
}

const mapTitles: Readonly<Record<HeadMaps["kind"], string>> = {
  bias: "Bias on the scores",
  score: "Scores of a repeated token",
  weight: "Attention weights of a repeated token",
};

function mapText(maps: HeadMaps, { settings, encoding }: Inspection): readonly string[] {
  const { kind, samples, groups } = maps;
  const { lowest, highest, clipped } = mapRange(maps, settings.causal);
  const made = encoding.hooks.includes("embed")
    ? "Its embedding, position included, is query and key of every head."
    : "Its vector is query and key of every head.";
  return [
    kind === "bias"
      ? "What is added to the scores before softmax, whatever the data."
      : `One random token stands at every position, so that positions alone make a difference. ${made} Mean over ${samples} tokens.`,
    ...(groups.length === 1 && settings.heads > 1 ? ["All heads are alike."] : []),
    ...(lowest === highest ? ["It is the same everywhere, before training at least."] : []),
    ...(clipped
      ? ["Values more than 12 below the largest are drawn as if they were 12 below: their weight is nothing."]
      : []),
  ];
}

function rotationText({ rotation, settings, encoding }: Inspection): readonly string[] {
  const still = rotation?.still ?? 0;
  return [
    "Pairs of coordinates of queries and keys turn with the position; the wavelength is the number of positions in a whole turn.",
    `Pairs above the dotted line do not complete a turn in ${settings.length} positions.`,
    ...(rotation?.unscaled ? [`Dashed: without the scaling of ${encoding.name}.`] : []),
    ...(rotation && rotation.lengths.length > 1 ? ["They depend on the length of the sequence."] : []),
    ...(still > 0 ? [`${still} of ${settings.headSize} coordinates do not turn.`] : []),
  ];
}

function entropyText({ entropy, encoding, settings }: Inspection): readonly string[] {
  const { queries, samples, lengths } = entropy;
  const limit = encoding.maximumPositions;
  return [
    encoding.hooks.length > 0
      ? "How widely attention of random queries spreads over random keys. Below the curve of no encoding, it prefers some positions."
      : "How widely attention of random queries spreads over random keys.",
    `Mean over the last ${queries} queries of ${spanOf(samples)} sequences of each length.`,
    ...(limit !== undefined && limit < 4 * settings.length
      ? [`Not beyond length ${lengths.at(-1)}: only ${limit} positions exist.`]
      : []),
  ];
}

function spanOf(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? String(least) : `${least} to ${most}`;
}

const ownStyle = `
.facts td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.facts th { color: var(--quiet); font-weight: 500; vertical-align: top; }
`;

function page(inspection: Inspection, sections: readonly InspectionSection[]): string {
  const { encoding, settings } = inspection;
  const { heads, headSize, length, causal, seed, backend } = settings;
  const sizes = { heads, kvHeads: heads, headSize, layers: 1, width: heads * headSize, length };
  const facts = factsOf(encoding, sizes).map(
    ([label, values]) => [label, values.filter((value) => value !== encoding.link)] as const,
  );
  const untrained = encoding.parameters.length > 0;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>relpos inspect: ${encoding.name}</title>
<style>${new Markup(styleSheet + ownStyle)}</style>
</head>
<body>
<header>
<h1>${encoding.name}</h1>
<p>${capital(encoding.summary)}.</p>
<p class="quiet">${heads} heads of ${headSize}, length ${length}, ${causal ? "causal" : "bidirectional"} attention, seed ${seed}, on ${backend.name}.${
    untrained && " Parameters have their initial values: trained ones look different."
  }</p>
</header>
${inspection.bias || inspection.scores ? undefined : html`<p>No hook of it changes the scores: there are no maps to draw.</p>`}
${sections.map(
  ({ title, text, drawings }) => html`<section><h2>${title}</h2>
<p>${text.join(" ")}</p>
${gallery(drawings)}
</section>`,
)}
<section><h2>The encoding</h2>
<table class="facts"><tbody>${facts.map(([label, values]) => html`<tr><th scope="row">${label}</th><td>${values.map((value, index) => html`${index > 0 && html`<br>`}${value}`)}</td></tr>`)}</tbody></table>
</section>
</body>
</html>
`.text;
}

/** Heat maps side by side; curves below them. */
export function gallery(drawings: readonly Drawing[]): Markup {
  const figure = ({ caption, svg }: Drawing, kind: string, captioned: boolean): Markup =>
    html`<figure class="${kind}">${captioned && html`<figcaption class="quiet">${capital(caption)}</figcaption>`}${new Markup(svg)}</figure>`;
  const maps = drawings.slice(0, -1);
  const curves = drawings.slice(-1);
  return html`${maps.length > 0 && html`<div class="maps">${maps.map((map) => figure(map, "map", true))}</div>`}${curves.map((curve) => figure(curve, "curve", maps.length > 0))}`;
}
