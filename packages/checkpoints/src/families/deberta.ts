import { check, type HostTensor } from "@relpos/core";
import { combine, type DebertaTerm, deberta as disentangled, learned } from "@relpos/core/encodings";
import type { AttentionBiases, TransformerOptions } from "@relpos/core/nn";
import { activationNames } from "../config/activations.js";
import type { Config } from "../config/config.js";
import type { Task } from "../model/task.js";
import { normedRows, products, reshaped, rowsOf, takeRows } from "../weights/make.js";
import { type ModuleSource, tensor, type WeightTable } from "../weights/weight-table.js";
import { bertMaskedHead, bertNames, bertOptions } from "./bert.js";
import { classifierHead, encoder, type Heads, maskedHead, plainHeads } from "./encoder.js";
import type { Blueprint, Family } from "./family.js";

const prefix = "deberta.";
const layer = `${prefix}encoder.layer.*.attention.self`;

/** A module that projects the table of relative positions; the first version's keys have no bias. */
interface Projection {
  readonly module: string;
  readonly bias: boolean;
}

interface Version {
  /** Norm of the table before it is projected. */
  readonly tableNorm: boolean;
  readonly key: Projection;
  readonly query: Projection;
  readonly attentionBias: boolean | AttentionBiases;
  readonly names: (heads: number, headSize: number) => WeightTable;
}

/** The table of relative positions as a layer projects it: [rows, H·D], computed once from the file's tensors. */
function projectedTable({ module, bias }: Projection, rows: number, norm: number | undefined): ModuleSource {
  const table = `${prefix}encoder.rel_embeddings.weight`;
  const ofNorm = norm === undefined ? [] : [`${prefix}encoder.LayerNorm.weight`, `${prefix}encoder.LayerNorm.bias`];
  return () => ({
    from: [table, `${module}.weight`, ...(bias ? [`${module}.bias`] : []), ...ofNorm],
    make: (tensors) => {
      const [all, weight, ...others] = tensors as readonly [HostTensor, HostTensor, ...HostTensor[]];
      const [own, scale, shift] = bias ? others : [undefined, ...others];
      const some = takeRows(
        all,
        Array.from({ length: rows }, (_, row) => row),
      );
      return products(scale && shift && norm !== undefined ? normedRows(some, scale, shift, norm) : some, weight, own);
    },
  });
}

/** Some of a merged projection's outputs in the first version: each head's query, key and value stand together. */
function ofHeads(place: number, heads: number, headSize: number): WeightTable[string] {
  const order = Array.from({ length: heads * headSize }, (_, index) => {
    return (Math.floor(index / headSize) * 3 + place) * headSize + (index % headSize);
  });
  return () => rowsOf(`${layer}.in_proj.weight`, order);
}

const flat = (name: string): ModuleSource => reshaped(name, (shape) => [shape.reduce((a, b) => a * b, 1)]);

const first: Version = {
  tableNorm: false,
  key: { module: `${layer}.pos_proj`, bias: false },
  query: { module: `${layer}.pos_q_proj`, bias: true },
  attentionBias: { query: true, key: false, value: true, output: true },
  names: (heads, headSize) => ({
    "layers.*.attention.query.weight": ofHeads(0, heads, headSize),
    "layers.*.attention.query.bias": flat(`${layer}.q_bias`),
    "layers.*.attention.key.weight": ofHeads(1, heads, headSize),
    "layers.*.attention.value.weight": ofHeads(2, heads, headSize),
    "layers.*.attention.value.bias": flat(`${layer}.v_bias`),
  }),
};

/** The second version, whose positions share the content's projections or have their own. */
function second(shared: boolean, tableNorm: boolean): Version {
  const [key, query] = shared ? ["key_proj", "query_proj"] : ["pos_key_proj", "pos_query_proj"];
  return {
    tableNorm,
    key: { module: `${layer}.${key}`, bias: true },
    query: { module: `${layer}.${query}`, bias: true },
    attentionBias: true,
    names: () => ({
      "layers.*.attention.query": `${layer}.query_proj`,
      "layers.*.attention.key": `${layer}.key_proj`,
      "layers.*.attention.value": `${layer}.value_proj`,
    }),
  };
}

/** "c2p|p2c" in older configurations. */
function termsOf(config: Config): readonly DebertaTerm[] {
  const given = config.value("pos_att_type");
  const terms = typeof given === "string" ? given.toLowerCase().split("|") : (given ?? []);
  const known = (term: unknown): boolean => term === "c2p" || term === "p2c";
  check(Array.isArray(terms) && terms.length > 0 && terms.every(known), "config", () => {
    return `pos_att_type must list c2p or p2c, got ${JSON.stringify(given)}`;
  });
  return terms as readonly DebertaTerm[];
}

function headsOf(config: Config, options: Pick<TransformerOptions, "activation" | "epsilon">): Heads {
  const { activation = "gelu", epsilon = 1e-7 } = options;
  const newer = {
    dense: "lm_predictions.lm_head.dense",
    norm: "lm_predictions.lm_head.LayerNorm",
    bias: tensor("lm_predictions.lm_head.bias"),
  };
  const pooled = config.choice("pooler_hidden_act", activationNames, "gelu");
  return {
    ...plainHeads,
    "masked-lm": config.flag("legacy", true) ? bertMaskedHead(options) : maskedHead(newer, { activation, epsilon }),
    "sequence-classification": classifierHead({ dense: "pooler.dense", output: "classifier" }, pooled),
  };
}

interface Build {
  readonly version: Version;
  /** Number of logarithmic buckets; without, each distance has a row. */
  readonly buckets: number | undefined;
}

function build(config: Config, task: Task, { version, buckets }: Build): Blueprint {
  config.only("relative_attention", true);
  const options = {
    ...bertOptions(config),
    epsilon: config.number("layer_norm_eps", 1e-7),
    tokenTypes: config.count("type_vocab_size", 0),
  };
  config.only("pooler_hidden_size", options.width);
  const maximumPositions = config.count("max_position_embeddings", 512);
  const relative = config.number("max_relative_positions", -1);
  const maximumDistance = relative < 1 ? maximumPositions : relative;
  const span = buckets ?? maximumDistance;
  const position = disentangled({
    span,
    buckets: buckets === undefined ? "none" : "transformers",
    maximumDistance,
    terms: termsOf(config),
    tables: "direct",
  });
  const withInput = config.flag("position_biased_input", true);
  const norm = version.tableNorm ? options.epsilon : undefined;
  const tables = withInput ? "layers.*.position.1" : "layers.*.position";
  return encoder(config, task, {
    prefix,
    table: {
      ...bertNames(prefix),
      ...version.names(options.heads, options.width / options.heads),
      "position.learned+deberta.0": `${prefix}embeddings.position_embeddings`,
      [`${tables}.positionKey`]: projectedTable(version.key, 2 * span, norm),
      [`${tables}.positionQuery`]: projectedTable(version.query, 2 * span, norm),
    },
    heads: headsOf(config, options),
    transformer: {
      ...options,
      attentionBias: version.attentionBias,
      position: withInput ? combine(learned({ maximumPositions }), position) : position,
    },
  });
}

/** DeBERTa: distances clipped, positions with projections of their own. */
export const deberta: Family = (config, task) => {
  config.only("talking_head", false);
  return build(config, task, { version: first, buckets: undefined });
};

/** DeBERTa v2 and v3. */
export const debertaV2: Family = (config, task) => {
  const buckets = config.number("position_buckets", -1);
  const norms = config.text("norm_rel_ebd", "none").split("|");
  check(
    norms.every((norm) => norm === "none" || norm === "layer_norm"),
    "config",
    () => {
      return `norm_rel_ebd must be none or layer_norm, got ${norms.join("|")}`;
    },
  );
  config.only("conv_kernel_size", 0);
  config.ignore("conv_act", "attention_head_size");
  const version = second(config.flag("share_att_key"), norms.includes("layer_norm"));
  return build(config, task, { version, buckets: buckets > 0 ? buckets : undefined });
};
