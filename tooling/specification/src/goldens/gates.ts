import { concat, constant, type Dim, expand, reshape, type Tensor, transpose } from "@relpos/core";
import { fox, path } from "@relpos/core/encodings";
import { attentionPredictions, scaleOf } from "./attention.js";
import { type Checker, type Checkers, numberOf, requireForm } from "./checker.js";
import { gradientPredictions } from "./gradient-predictions.js";

/** [B, H, L] → [B, L, H]. */
const perToken = (x: Tensor): Tensor => transpose(x, [0, 2, 1]);

/** [B, H, L, d] → [B, L, H·d]. */
function joined(x: Tensor): Tensor {
  const [batch, heads, length, size] = x.shape as readonly [number, number, number, number];
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, length, heads * size]);
}

const forgetting: Checker = (golden, input) => {
  requireForm(golden.params.window === null, golden, `a window of ${golden.params.window}`);
  return attentionPredictions(golden, input, {
    encoding: fox(),
    scale: scaleOf(golden),
    state: perToken(input("log_f")),
  });
};

/** The bias that a projection of the layer's input gives, and its gradients. */
const projection: Checker = (golden, input) => {
  const encoding = fox({ bidirectional: golden.params.causal === false });
  const [heads, x] = [numberOf(golden, "heads"), input("x")];
  const [batch, length] = x.shape as readonly [Dim, Dim];
  const parameters = { weight: input("w"), bias: input("b") };
  const positions = constant({ shape: [1], dtype: "int32", data: new Int32Array(1) });
  const unused = expand(constant(0), [batch, heads, length, 1]);
  const bias = encoding.relativeScores({
    parameters,
    query: unused,
    key: unused,
    queryPositions: positions,
    keyPositions: positions,
    state: encoding.state({ parameters, x, positions, heads }),
    scale: 1,
  });
  return gradientPredictions("bias", bias, input, ["x", "w", "b"]);
};

/** Checkers of forgetting attention. */
export const foxCheckers: Checkers = { attention: forgetting, bias: projection };

const householder: Checker = (golden, input) => {
  const gated = golden.params.gated === true;
  const parts = [joined(input("w")), perToken(input("beta")), ...(gated ? [perToken(input("log_f"))] : [])];
  const form = { scale: scaleOf(golden), state: concat(parts, 2) };
  const blocks = [numberOf(golden, "chunkSize"), 64];
  return blocks.flatMap((block) => {
    const encoding = path({ kernel: 1, gated, block });
    return attentionPredictions(golden, input, { ...form, encoding }).map((prediction) => {
      return { ...prediction, by: [prediction.by, `blocks of ${block}`].filter(Boolean).join(", ") };
    });
  });
};

/** Checkers of PaTH. */
export const pathCheckers: Checkers = { attention: householder };
