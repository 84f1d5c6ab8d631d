import {
  cast,
  causalMask,
  constant,
  type Dim,
  equal,
  iota,
  logicalAnd,
  logicalNot,
  mul,
  positions,
  reshape,
  scaledMatMul,
  sub,
  type Tensor,
  transpose,
} from "@relpos/core";
import {
  cope,
  dape,
  grapeAdditive,
  none,
  type PositionEncoding,
  stickBreaking,
  stickBreakingWeights,
} from "@relpos/core/encodings";
import { encodedScores } from "@relpos/core/nn";
import { attentionPredictions, scaleOf } from "./attention.js";
import { type Checker, type Checkers, choice, type Inputs, numberOf, requireForm } from "./checker.js";

/** What an encoding adds to the scaled products of a causal case. */
function added(input: Inputs, encoding: PositionEncoding, parameters: Readonly<Record<string, Tensor>>, scale: number) {
  const [query, key] = [input("q"), input("k")];
  const at = constant(positions(key.shape[2] as number));
  const options = { parameters, queryPositions: at, keyPositions: at, causal: true, scale };
  return sub(
    encodedScores(query, key, { ...options, encoding }),
    encodedScores(query, key, { ...options, encoding: none() }),
  );
}

const copeGates = {
  "sigmoid of the scaled, masked logit": "scaled",
  "sigmoid of the unscaled logit, tril": "unscaled",
} as const;

/** [maxPos, d], or [1, d, maxPos] in DAPE's copy. */
const rows = (x: Tensor): Tensor => (x.rank === 2 ? x : transpose(reshape(x, x.shape.slice(1)), [1, 0]));

const contextual: Checker = (golden, input) => {
  const encoding = cope({ positions: numberOf(golden, "maxPos"), gates: choice(golden, "gate", copeGates) });
  const parameters = { weight: rows(input("pos_emb")) };
  const scale = scaleOf(golden);
  const attended = attentionPredictions(golden, input, { encoding, parameters, scale });
  if (!golden.outputs.has("bias_lower")) return attended;
  const bias = added(input, encoding, parameters, scale);
  const [queries, keys] = bias.shape.slice(2) as [Dim, Dim];
  return [...attended, { path: "bias_lower", value: mul(bias, cast(causalMask(queries, keys), "float32")) }];
};

/** Checkers of contextual position encoding. */
export const copeCheckers: Checkers = { attention: contextual };

/** Weights of torch's Linear or Conv2d as [out, in, kernel]. */
function kernels(x: Tensor): Tensor {
  const [outputs, inputs, , kernel = 1] = x.shape as readonly number[];
  return reshape(x, [outputs as number, inputs as number, kernel]);
}

const adaptive: Checker = (golden, input) => {
  requireForm(golden.params.base === "alibi", golden, `base ${golden.params.base}`);
  return attentionPredictions(golden, input, {
    encoding: dape({ kernel: numberOf(golden, "kernel"), hidden: numberOf(golden, "width"), masked: "first" }),
    parameters: {
      "first.weight": kernels(input("w1")),
      "first.bias": "b1",
      "second.weight": kernels(input("w2")),
      "second.bias": "b2",
    },
    scale: scaleOf(golden),
  });
};

/** Checkers of data-adaptive position encoding. */
export const dapeCheckers: Checkers = { attention: adaptive };

const breaking: Checker = (golden, input) => {
  const attendCurrent = golden.params.attendCurrent === true;
  const scale = scaleOf(golden);
  const scores = scaledMatMul(input("q"), input("k"), { transposeRight: true, scale });
  const [batch, heads, queries, keys] = scores.shape as readonly [Dim, Dim, Dim, Dim];
  const own = equal(iota([queries, keys]), iota([queries, keys], 1));
  const visible = causalMask(queries, keys);
  const { remainder } = stickBreakingWeights(scores, attendCurrent ? visible : logicalAnd(visible, logicalNot(own)));
  return [
    ...attentionPredictions(golden, input, { encoding: stickBreaking({ attendCurrent }), scale }),
    { path: "remainder", value: reshape(remainder, [batch, heads, queries]) },
  ];
};

/** Checkers of stick-breaking attention. */
export const stickBreakingCheckers: Checkers = { attention: breaking };

const keyGated: Checker = (golden, input) => {
  requireForm(golden.params.uL2Norm === true, golden, "a direction of any length");
  const parameters = { omega: input("omega"), key: input("u") };
  const [encoding, scale] = [grapeAdditive(), scaleOf(golden)];
  const bias = added(input, encoding, parameters, scale);
  return [
    ...attentionPredictions(golden, input, { encoding, parameters, scale }),
    { path: "bias", value: reshape(bias, bias.shape.slice(1)) },
  ];
};

/** Checkers of GRAPE. */
export const grapeCheckers: Checkers = { attention: keyGated };
