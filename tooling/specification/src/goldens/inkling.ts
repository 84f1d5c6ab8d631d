import { constant, exactTensor, mul, positions, reduceSum, reshape, transpose, valueAndGradients } from "@relpos/core";
import { inkling, relativeLogits } from "@relpos/core/encodings";
import { attentionPredictions, scaleOf } from "./attention.js";
import { type Checker, type Checkers, numberOf } from "./checker.js";

/** Attention where the tokens' states are given: they are the layer's input, projected by the identity. */
const attention: Checker = (golden, input) => {
  const { logScalingFloor: floor, logScalingAlpha: alpha, sliding } = golden.params;
  const [extent, relativeSize] = [numberOf(golden, "extent"), numberOf(golden, "dRel")];
  const logScaling = sliding || floor === null ? undefined : { floor: Number(floor), alpha: Number(alpha) };
  const states = input("relative_states");
  const [batch, length, heads] = states.shape as readonly [number, number, number];
  const width = heads * relativeSize;
  const identity = Array.from({ length: width ** 2 }, (_, index) => Number(index % (width + 1) === 0));
  const at = constant(positions(length));
  const bias = relativeLogits(transpose(states, [0, 2, 1, 3]), input("bank"), { query: at, key: at });
  const predictions = attentionPredictions(golden, input, {
    encoding: inkling({ extent, relativeSize, logScaling }),
    parameters: { weight: constant(exactTensor(identity, [width, width])), bank: "bank" },
    x: reshape(states, [batch, length, width]),
    scale: scaleOf(golden),
  });
  return [{ path: "bias", value: bias }, ...predictions];
};

/** Bias of x-transformers and its gradients: what is added to the products. */
const projected: Checker = (golden, input) => {
  const [extent, relativeSize, heads] = ["extent", "dRel", "heads"].map((key) => numberOf(golden, key)) as [
    number,
    number,
    number,
  ];
  const [queries, keys] = [numberOf(golden, "queryLength"), numberOf(golden, "keyLength")];
  const x = input("x");
  const [batch] = x.shape as readonly [number];
  const zeros = (length: number) => constant(0).expand([batch, heads, length, 1]);
  const bias = inkling({ extent, relativeSize, projectionBias: true }).relativeScores({
    x,
    parameters: { weight: input("w"), bias: input("b"), bank: input("bank") },
    query: zeros(queries),
    key: zeros(keys),
    queryPositions: constant(positions(queries, keys - queries)),
    keyPositions: constant(positions(keys)),
    scale: 1,
  });
  const names = ["x", "w", "b", "bank"];
  const { others, gradients } = valueAndGradients(reduceSum(mul(bias, input("G"))), names.map(input), [bias]);
  return [
    { path: "bias", value: others[0] as typeof bias },
    ...names.map((name, index) => ({ path: `grad.${name}`, value: gradients[index] as typeof bias })),
  ];
};

/** Checkers of Inkling's relative logits. */
export const inklingCheckers: Checkers = { attention, bias: projected };
