import { linear, type Tensor } from "@relpos/core";
import type { ConformanceCase } from "../../case.js";
import { gaussian } from "../random-tensors.js";
import { expectAgreement } from "./agreement.js";
import { compositeGradients } from "./composite-gradients.js";
import type { GradientCase, NamedGradientCase } from "./gradient-case.js";
import { of } from "./make.js";
import { primitiveGradients } from "./primitive-gradients.js";
import { randomGraph, recipeOf } from "./random-graphs.js";

const randomGraphs = 60;
const quickRandomGraphs = 8;

/** The gradient of a weight is a sum over all rows, which backends cut into pieces. */
const longSums = [
  [1024, 3, 5],
  [3072, 4, 2],
  [2047, 3, 3],
].map(([rows, inner, width]) =>
  of(
    (x: Tensor, weight: Tensor) => linear(x, weight),
    [gaussian([rows as number, inner as number], "x"), gaussian([width as number, inner as number], "weight")],
  ),
);

/** Values and gradients of every primitive, every composite and some random graphs agree with the oracle. */
export const gradientCases: readonly ConformanceCase[] = [
  ...Object.entries({ ...primitiveGradients, ...compositeGradients }).flatMap(
    ([subject, cases]: readonly [string, readonly NamedGradientCase[]]) =>
      cases.map((each, index) => gradientCase(`gradient/${subject}/${each.details}`, index === 0, each)),
  ),
  ...longSums.map((each) => gradientCase(`gradient/linear/${each.details}`, false, each)),
  ...Array.from({ length: randomGraphs }, (_, seed) =>
    gradientCase(`gradient/random graph/${seed}`, seed < quickRandomGraphs, randomGraph(recipeOf(seed))),
  ),
];

function gradientCase(name: string, quick: boolean, given: GradientCase): ConformanceCase {
  return {
    name,
    group: "gradient",
    quick,
    dtypes: ["float32", "int32", "bool"],
    run: ({ backend, oracle }) => expectAgreement(backend, oracle, given),
  };
}
