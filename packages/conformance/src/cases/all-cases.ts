import type { ConformanceCase } from "../case.js";
import { compositeCases } from "./composite/composite-cases.js";
import { encodingCases } from "./encoding-cases.js";
import { gradientCases } from "./gradient/gradient-cases.js";
import { lifecycleCases } from "./lifecycle/lifecycle-cases.js";
import { logitsCases } from "./model/logits.js";
import { trainingCases } from "./model/training.js";
import { primitiveCases } from "./primitive/primitive-cases.js";

const cases: readonly ConformanceCase[] = [
  ...lifecycleCases,
  ...primitiveCases,
  ...gradientCases,
  ...compositeCases,
  ...encodingCases,
  ...logitsCases,
  ...trainingCases,
];

/** Every case of the kit, in the order in which they run. */
export function conformanceCases(): readonly ConformanceCase[] {
  return cases;
}
