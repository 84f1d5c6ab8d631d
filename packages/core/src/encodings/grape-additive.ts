import { softplus } from "../composites/activations.js";
import { repeatHeads } from "../composites/attention.js";
import { check } from "../errors.js";
import { filled, normal } from "../nn/parameters.js";
import {
  add,
  cast,
  constant,
  div,
  matMul,
  minimum,
  mul,
  reduceSum,
  reshape,
  sqrt,
  square,
} from "../primitives/operations.js";
import type { Dim } from "../tensor/dimension.js";
import { exactTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { alibiSlopes } from "./alibi.js";
import { overHeads, relativePositions } from "./distance.js";
import { defineEncoding, type EncodingWith, type RelativeScoresContext } from "./encoding.js";

export interface GrapeAdditiveOptions {
  /** What decides how fast scores fall with the distance: the key, the query, or both, summed. Default "key". */
  readonly gate?: keyof typeof gatesBy;
}

type GrapeParameters = "omega" | "key" | "query";

/** λ = softplus(û_h·x/√d) for x [B, H or Hkv, S, D], û unit vectors [H, D]: [B, H, S, 1]. */
function gateOf(x: Tensor, direction: Tensor): Tensor {
  const [heads, size] = direction.shape as readonly [number, number];
  const length = sqrt(reduceSum(square(direction), -1, { keepDims: true }));
  const unit = reshape(div(direction, length), [1, heads, size, 1]);
  return softplus(mul(matMul(repeatHeads(x, heads / (x.shape[1] as number)), unit), size ** -0.5));
}

const byKey = ({ key, parameters }: RelativeScoresContext<GrapeParameters>): Tensor => {
  const gate = gateOf(key, parameters.key);
  const [batch, heads, keys] = gate.shape as readonly [Dim, Dim, Dim];
  return reshape(gate, [batch, heads, 1, keys]);
};
const byQuery = ({ query, parameters }: RelativeScoresContext<GrapeParameters>): Tensor =>
  gateOf(query, parameters.query);

/** The gates of an encoding and the directions that they need. */
const gatesBy = {
  key: { directions: ["key"], gate: byKey },
  query: { directions: ["query"], gate: byQuery },
  both: {
    directions: ["key", "query"],
    gate: (context: RelativeScoresContext<GrapeParameters>) => add(byKey(context), byQuery(context)),
  },
} as const;

/**
 * Additive group position encoding with a gate: scores fall in proportion to the distance, faster where a trained
 * direction finds the key (or the query) to be of little reach.
 *
 * b_h(i, j) = −max(i − j, 0)·softplus(ω_h)·m_h·softplus(û_h·k_j/√d), m_h ALiBi's slopes, û_h of unit length; with the
 * query's gate softplus(û_h·q_i/√d) instead or in addition. Zhang et al., arXiv:2512.07805. The key's gate agrees with
 * `KeyGatedAdditiveBias` of the authors' code; the others are written from the formula.
 */
export function grapeAdditive(
  options: GrapeAdditiveOptions = {},
): EncodingWith<"relativeScores" | "parameters", GrapeParameters> {
  const { gate = "key" } = options;
  const form = gatesBy[gate];
  check(form, "grapeAdditive", () => `gate must be one of ${Object.keys(gatesBy).join(", ")}, got ${gate}`);
  return defineEncoding<GrapeParameters, EncodingWith<"relativeScores" | "parameters", GrapeParameters>>({
    kind: "grape-additive",
    settings: { gate },
    cache: "rotated-keys",
    scope: "layer",
    parameters: ({ heads, headSize }) => ({
      // softplus(ω) = 1
      omega: { shape: [heads], initialize: filled(Math.log(Math.expm1(1))), decay: false },
      ...Object.fromEntries(
        form.directions.map((name) => [name, { shape: [heads, headSize], initialize: normal(1), decay: false }]),
      ),
    }),
    relativeScores: (context) => {
      const { query, queryPositions, keyPositions, parameters } = context;
      const heads = query.shape[1] as number;
      const relative = cast(overHeads(minimum(relativePositions(queryPositions, keyPositions), 0)), "float32");
      const slopes = constant(exactTensor(alibiSlopes(heads), [1, heads, 1, 1]));
      const rates = mul(slopes, reshape(softplus(parameters.omega), [1, heads, 1, 1]));
      return mul(mul(relative, rates), form.gate(context));
    },
  });
}
