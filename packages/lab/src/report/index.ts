// What the reports are made of, for programs that show parts of them on a page of their own.
export type { Drawing } from "../inspect/drawing.js";
export { drawInspection, gallery, type InspectionSection } from "../inspect/render.js";
export { type Canvas, createCanvas } from "./canvas.js";
export { html, Markup } from "./html.js";
export { drawKey, drawPicture } from "./pictures.js";
export { drawLosses, drawMeasure } from "./result-curves.js";
export { type CurvePoint, finishedRuns, lossCurve } from "./series.js";
export { capital, failures, measureTable, refusals } from "./tables.js";
export { colourVariables, partsStyle } from "./theme.js";
