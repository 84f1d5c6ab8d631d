export type { CaseContext, CaseGroup, ConformanceCase, KnownFailure, Subject } from "./case.js";
export { conformanceCases } from "./cases/all-cases.js";
export { type CompositeName, compositeNames } from "./cases/composite/composite-name.js";
export { type KnownFailures, knownFailuresOf } from "./known-failures.js";
export { printReport } from "./print-report.js";
export type { CaseResult, CaseStatus } from "./run-case.js";
export {
  type CaseSelection,
  type ConformanceOptions,
  type ConformanceReport,
  runConformance,
} from "./run-conformance.js";
export {
  epsilonOf,
  expectClose,
  type Tolerance,
  type ToleranceClass,
  type ToleranceContext,
  tolerances,
  type Violations,
  violations,
} from "./tolerance.js";
