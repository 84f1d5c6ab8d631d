import { type CompareResults, renderReport } from "@relpos/lab";
import {
  type Canvas,
  drawMeasure,
  drawPicture,
  failures,
  finishedRuns,
  html,
  type Markup,
  measureTable,
  refusals,
} from "@relpos/lab/report";
import type { Finished } from "../messages.js";

/** The tables, curves and pictures of a comparison, as its report has them, and the report itself. */
export async function present(
  canvas: Canvas,
  results: CompareResults,
): Promise<Pick<Finished, "table" | "curves" | "pictures" | "report">> {
  const { encodings, problem } = results;
  // In sliding windows every character has nearly the whole window before it.
  const index = problem.measures.findIndex(({ examination }) => examination === "sliding");
  const table = measureTable(results, problem.measures[index]!, index);
  return {
    table: html`${failures(results)}${table}${refusals(encodings)}`.text,
    curves: drawMeasure(canvas, results, index),
    pictures: Object.fromEntries(encodings.map(({ name }) => [name, learned(canvas, results, name).text])),
    report: await renderReport(results),
  };
}

/** What training made of an encoding's parameters; nothing where it has none, or where nothing can be drawn. */
function learned(canvas: Canvas, results: CompareResults, name: string): Markup {
  const picture = finishedRuns(results, name)[0]?.picture;
  const drawn = picture?.trained && drawPicture(canvas, name, picture);
  return drawn && drawn.text !== "" ? html`<h4>After training</h4>${drawn}` : html``;
}
