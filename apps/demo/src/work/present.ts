import { type CompareResults, renderReport } from "@relpos/lab";
import {
  type Canvas,
  drawMeasure,
  drawPicture,
  failures,
  finishedRuns,
  html,
  Markup,
  measureTable,
  refusals,
} from "@relpos/lab/report";
import type { Finished } from "../messages.js";

/** The tables, curves and pictures of a comparison, as its report has them, and the report itself. */
export async function present(
  canvas: Canvas,
  results: CompareResults,
): Promise<Pick<Finished, "measures" | "pictures" | "report">> {
  return {
    measures: measuresOf(canvas, results).text,
    pictures: Object.fromEntries(results.encodings.map(({ name }) => [name, learned(canvas, results, name).text])),
    report: await renderReport(results),
  };
}

/** Perplexity in sliding windows, in which every character has nearly the whole window before it. */
function measuresOf(canvas: Canvas, results: CompareResults): Markup {
  const index = results.problem.measures.findIndex(({ examination }) => examination === "sliding");
  return html`${failures(results)}
<div class="measure">${measureTable(results, results.problem.measures[index]!, index)}
<figure>${new Markup(drawMeasure(canvas, results, index))}</figure></div>
${refusals(results.encodings)}`;
}

/** What training made of an encoding's parameters; nothing where it has none, or where nothing can be drawn. */
function learned(canvas: Canvas, results: CompareResults, name: string): Markup {
  const picture = finishedRuns(results, name)[0]?.picture;
  const drawn = picture?.trained && drawPicture(canvas, name, picture);
  return drawn && drawn.text !== "" ? html`<h4>After training</h4>${drawn}` : html``;
}
