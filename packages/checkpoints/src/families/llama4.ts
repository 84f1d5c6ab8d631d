import {
  check,
  type Dim,
  div,
  iota,
  mul,
  reduceSum,
  sigmoid,
  silu,
  slice,
  sqrt,
  square,
  subtractDims,
  type Tensor,
  where,
} from "@relpos/core";
import { combine, defineEncoding, llama4Temperature, none, type PositionEncoding } from "@relpos/core/encodings";
import { feedForwardLayer, type Layer, normal, withinChunk } from "@relpos/core/nn";
import type { Config } from "../config/config.js";
import { rotary } from "../config/rope.js";
import { expertsLayer } from "../model/experts.js";
import { columns } from "../weights/make.js";
import { tensor, type WeightTable } from "../weights/weight-table.js";
import { decoder } from "./decoder.js";
import type { Family } from "./family.js";
import { llamaNames, llamaOptions, ropeOnSome } from "./llama.js";

/** Queries and keys, turned, at mean square 1: `use_qk_norm`. */
function unitHeads(epsilon: number): PositionEncoding {
  const unit = (x: Tensor): Tensor => {
    const meanSquare = mul(reduceSum(square(x), -1, { keepDims: true }), 1 / (x.shape.at(-1) as number));
    return div(x, sqrt(meanSquare.add(epsilon)));
  };
  return defineEncoding({
    kind: "unit-heads",
    settings: { epsilon },
    cache: "rotated-keys",
    transform: ({ query, key }) => ({ query: unit(query), key: unit(key) }),
  });
}

/** Llama 4's temperature, which counts places in the row, padding included, whatever the positions are. */
function temperatureByPlace(options: { readonly weight: number; readonly length: number }): PositionEncoding {
  const temperature = llama4Temperature(options);
  return defineEncoding({
    ...temperature,
    positions: ({ query, key }) => {
      const [queries, keys] = [query.shape.at(-1) as Dim, key.shape.at(-1) as Dim];
      const all = iota([keys]);
      return { query: slice(all, { 0: [subtractDims(keys, queries), keys] }), key: all };
    },
  });
}

/** Layers without rotary embeddings: scores grow with the position, or know nothing of it. */
function withoutRope(config: Config): PositionEncoding {
  const options = { weight: config.number("attn_scale", 0.1), length: config.number("floor_scale", 8192) };
  return config.flag("attn_temperature_tuning", true) ? temperatureByPlace(options) : none();
}

const module = "model.layers.*.feed_forward";

const networkNames = (hidden: number): WeightTable => ({
  "layers.*.feedForward.gate": `${module}.gate_proj`,
  "layers.*.feedForward.up": `${module}.up_proj`,
  "layers.*.feedForward.down": `${module}.down_proj`,
  "layers.*.feedForward.router": `${module}.router`,
  "layers.*.feedForward.experts.gate.weight": columns(`${module}.experts.gate_up_proj`, 0, hidden),
  "layers.*.feedForward.experts.up.weight": columns(`${module}.experts.gate_up_proj`, hidden, 2 * hidden),
  "layers.*.feedForward.experts.down.weight": tensor(`${module}.experts.down_proj`),
  "layers.*.feedForward.shared.gate": `${module}.shared_expert.gate_proj`,
  "layers.*.feedForward.shared.up": `${module}.shared_expert.up_proj`,
  "layers.*.feedForward.shared.down": `${module}.shared_expert.down_proj`,
});

/** Dense networks in some layers, in others experts beside one that all tokens share. */
function networks(config: Config, width: number, hidden: number, layers: number): (layer: number) => Layer {
  const swiglu = (size: number): Layer =>
    feedForwardLayer({
      width,
      hidden: size,
      activation: "silu",
      gated: true,
      bias: false,
      initialize: normal(0.02),
      initializeOutput: normal(0.02),
    });
  const step = config.count("interleave_moe_layer_step", 1);
  const all = Array.from({ length: layers }, (_, layer) => layer);
  const withExperts = new Set(config.numbers("moe_layers") ?? all.filter((layer) => (layer + 1) % step === 0));
  const dense = swiglu(config.count("intermediate_size_mlp", 2 * hidden));
  const experts = expertsLayer({
    width,
    hidden,
    experts: config.count("num_local_experts"),
    perToken: config.count("num_experts_per_tok", 1),
    bias: false,
    weights: (scores, chosen) => where(chosen, sigmoid(scores), 0),
    weighted: "input",
    inner: (gate, up) => mul(silu(gate), up),
    shared: swiglu(hidden),
  });
  return (layer) => (withExperts.has(layer) ? experts : dense);
}

/** Llama 4's language model. */
export const llama4: Family = (config, task) => {
  config.only("hidden_act", "silu");
  const options = llamaOptions(config);
  const { width, layers } = options;
  const hidden = config.count("intermediate_size");
  const turned = rotary(config, { interleaved: true });
  const withNorm = config.flag("use_qk_norm", true);
  const isTurned = ropeOnSome(config, true, false);
  const position = ropeOnSome<PositionEncoding>(
    config,
    withNorm ? combine(turned, unitHeads(config.number("rms_norm_eps", 1e-5))) : turned,
    withoutRope(config),
  );
  const chunk = withinChunk(config.count("attention_chunk_size", 8192));
  const types = config.texts("layer_types");
  check(
    types === undefined || types.length === layers,
    "config",
    () => `layer_types must be one for each layer, got ${types?.length}`,
  );
  const isChunked = (layer: number): boolean =>
    types ? types[layer] === "chunked_attention" : isTurned(layer, layers);
  return decoder(config, task, {
    prefix: "model.",
    table: { ...llamaNames, ...networkNames(hidden) },
    transformer: {
      ...options,
      epsilon: config.number("rms_norm_eps", 1e-5),
      attentionBias: config.flag("attention_bias"),
      feedForward: networks(config, width, hidden, layers),
      position,
      visible: (layer) => (isChunked(layer) ? chunk : undefined),
    },
  });
};
