export {
  type CompareContext,
  compare,
  comparisonFiles,
  hasFailures,
  type PreparedComparison,
  prepareComparison,
} from "./compare/compare.js";
export { findEncoding, resolveEncodings } from "./compare/encoding-names.js";
export { ruleOf, SettingsError } from "./compare/errors.js";
export type { CompareEvent, CompareListener, RunPlace } from "./compare/events.js";
export { editDistance, nearest } from "./compare/nearest.js";
export type { CompareData, Problem, ProblemSizes } from "./compare/problem.js";
export { describeComparison, timeLeft } from "./compare/progress.js";
export type * from "./compare/results.js";
export { type CompareOptions, completeOptions, defaultOptions, suggestion } from "./compare/settings.js";
export { median, thinLosses } from "./compare/statistics.js";
export * from "./data/index.js";
export * from "./extend/index.js";
export {
  defaultSizes,
  describeCatalogue,
  describeEncoding,
  type EncodingDescription,
  type ModelSizes,
  type ParameterDescription,
} from "./inspect/description.js";
export { catalogueTable, explainEncoding } from "./inspect/description-text.js";
export { type InspectContext, type InspectOptions, inspect, prepareInspection } from "./inspect/inspect.js";
export type * from "./inspect/inspection.js";
export { type RenderedInspection, renderInspection } from "./inspect/render.js";
export { renderCurves } from "./report/curve-files.js";
export { duration, percent, shortNumber } from "./report/numbers.js";
export { renderReport } from "./report/report.js";
export { displayEntries } from "./report/tables.js";
export { type TerminalTableOptions, terminalTable } from "./report/terminal-table.js";
export { indented } from "./report/wrap.js";
export * from "./tasks/index.js";
export { memoryRunStore, type RunStore } from "./train/run-store.js";
