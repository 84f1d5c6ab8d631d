import { add, maximum, minimum, mul, sigmoid, softmax, type Tensor, where } from "@relpos/core";
import { combine } from "@relpos/core/encodings";
import { rotary } from "../config/rope.js";
import { attentionSinks } from "../model/attention-sinks.js";
import { expertsLayer } from "../model/experts.js";
import { columns } from "../weights/make.js";
import { tensor, type WeightTable } from "../weights/weight-table.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";
import { llamaNames, llamaOptions, windowsByLayer } from "./llama.js";

const experts = "model.layers.*.mlp.experts";

/** Gates and what they multiply stand in turn. */
const expertNames = (hidden: number): WeightTable => ({
  "layers.*.feedForward.router": "model.layers.*.mlp.router",
  "layers.*.feedForward.experts.gate.weight": columns(`${experts}.gate_up_proj`, 0, 2 * hidden, 2),
  "layers.*.feedForward.experts.gate.bias": columns(`${experts}.gate_up_proj_bias`, 0, 2 * hidden, 2),
  "layers.*.feedForward.experts.up.weight": columns(`${experts}.gate_up_proj`, 1, 2 * hidden, 2),
  "layers.*.feedForward.experts.up.bias": columns(`${experts}.gate_up_proj_bias`, 1, 2 * hidden, 2),
  "layers.*.feedForward.experts.down.weight": tensor(`${experts}.down_proj`),
  "layers.*.feedForward.experts.down.bias": tensor(`${experts}.down_proj_bias`),
});

/** (up + 1)·gate·sigmoid(1.702·gate), with the gate below a limit and up within it. */
const clampedSwiglu =
  (limit: number) =>
  (gate: Tensor, up: Tensor): Tensor => {
    const [g, u] = [minimum(gate, limit), maximum(minimum(up, limit), -limit)];
    return mul(add(u, 1), mul(g, sigmoid(mul(g, 1.702))));
  };

/** gpt-oss: attention sinks, windows in every other layer, experts. */
export const gptOss: Family = (config, task) => {
  const options = llamaOptions(config);
  const { width } = options;
  const hidden = config.count("intermediate_size");
  const limit = config.number("swiglu_limit", 7);
  const layer = expertsLayer({
    width,
    hidden,
    experts: config.count("num_local_experts"),
    perToken: config.count("num_experts_per_tok", config.count("experts_per_token", 4)),
    bias: true,
    weights: (scores, chosen) => softmax(where(chosen, scores, -3.4e38)),
    weighted: "output",
    inner: clampedSwiglu(limit),
  });
  const position = combine(rotary(config), attentionSinks());
  const bias = config.flag("attention_bias", true);
  return decoder(config, task, {
    prefix: "model.",
    table: {
      ...llamaNames,
      ...expertNames(hidden),
      "layers.*.position.1.sinks": tensor("model.layers.*.self_attn.sinks"),
    },
    transformer: {
      ...options,
      attentionBias: bias,
      feedForward: () => layer,
      position,
      window: windowsByLayer(config),
    },
  });
};
