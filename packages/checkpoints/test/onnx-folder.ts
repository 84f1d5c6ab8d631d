import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { type GraphProto, ModelProtoSchema, type TensorProto } from "onnx-buf";
import { encodeSafetensors, type StoredDType, type StoredTensor } from "../src/index.js";

/** A folder of ONNX Runtime GenAI: an ONNX file, of which only the weights are read, and what it says of its graph. */
export interface OnnxFolder {
  readonly graph: GraphProto;
  /** As the graph holds them, by the graph's names. */
  readonly weights: ReadonlyMap<string, StoredTensor>;
}

const dtypes: Readonly<Record<number, StoredDType>> = { 1: "F32", 10: "F16" };

export function readOnnxFolder(folder: string, file: string): OnnxFolder {
  const { graph } = fromBinary(ModelProtoSchema, readFileSync(join(folder, file)));
  if (!graph) throw new Error(`${file} has no graph`);
  const weights = graph.initializer.map((stored): [string, StoredTensor] => [
    stored.name,
    { dtype: dtypeOf(stored), shape: stored.dims.map(Number), bytes: bytesOf(folder, stored) },
  ]);
  return { graph, weights: new Map(weights) };
}

function dtypeOf({ name, dataType }: TensorProto): StoredDType {
  const dtype = dtypes[dataType];
  if (!dtype) throw new Error(`${name} must be float32 or float16, got type ${dataType}`);
  return dtype;
}

function bytesOf(folder: string, { rawData, externalData }: TensorProto): Uint8Array {
  if (externalData.length === 0) return rawData;
  const { location, offset, length } = Object.fromEntries(externalData.map(({ key, value }) => [key, value]));
  const start = Number(offset ?? 0);
  return readFileSync(join(folder, location as string)).subarray(start, start + Number(length));
}

/** [in, out] as [out, in]. */
export function transposed({ dtype, shape, bytes }: StoredTensor): StoredTensor {
  const [rows, columns] = shape as readonly [number, number];
  const size = bytes.length / (rows * columns);
  const turned = new Uint8Array(bytes.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      turned.set(bytes.subarray((i * columns + j) * size, (i * columns + j + 1) * size), (j * rows + i) * size);
    }
  }
  return { dtype, shape: [columns, rows], bytes: turned };
}

/** Names of ONNX Runtime GenAI's model builder as those of a Llama. */
export function llamaWeights({ weights }: OnnxFolder): Map<string, StoredTensor> {
  const named = [...weights]
    .filter(([name]) => !/^(cos|sin)_cache$/.test(name))
    .map(([name, value]): [string, StoredTensor] => [
      name
        .replace(/^model\.layers\.\d+\.final_norm_layernorm/, "model.norm")
        .replace(".attn.", ".self_attn.")
        .replace(".MatMul.", "."),
      name.includes(".MatMul.") ? transposed(value) : value,
    ]);
  return new Map(named);
}

/** The weights that nodes of a GPT-2 layer take, in the order of the nodes: input's index → the weight's name. */
const gpt2Layer = [
  ["Attention", { 1: "attn.c_attn.weight", 2: "attn.c_attn.bias" }],
  ["MatMul", { 1: "attn.c_proj.weight" }],
  ["SkipLayerNormalization", { 2: "ln_2.weight", 3: "ln_2.bias", 4: "attn.c_proj.bias" }],
  ["MatMul", { 1: "mlp.c_fc.weight" }],
  ["FastGelu", { 1: "mlp.c_fc.bias" }],
  ["MatMul", { 1: "mlp.c_proj.weight" }],
  ["SkipLayerNormalization", { 2: "next.weight", 3: "next.bias", 4: "mlp.c_proj.bias" }],
] as const;

/** Weights of a GPT-2, found by the nodes that take them: equal ones were stored once, under one of their names. */
export function gpt2Weights({ graph, weights }: OnnxFolder, layers: number): Map<string, StoredTensor> {
  const found = new Map<string, StoredTensor>();
  const take = (name: string, source: string | undefined): void => {
    const value = weights.get(source ?? "");
    if (!value) throw new Error(`the graph has no weight ${source} for ${name}`);
    found.set(name, value);
  };
  const start = graph.node.findIndex(({ opType }) => opType === "EmbedLayerNormalization");
  const embedding = graph.node[start]?.input ?? [];
  take("transformer.wte.weight", embedding[2]);
  take("transformer.wpe.weight", embedding[3]);
  take("transformer.h.0.ln_1.weight", embedding[5]);
  take("transformer.h.0.ln_1.bias", embedding[6]);
  const nodes = graph.node.slice(start + 1);
  for (let layer = 0; layer < layers; layer++) {
    const next = layer + 1 < layers ? `transformer.h.${layer + 1}.ln_1` : "transformer.ln_f";
    for (const [index, [opType, names]] of gpt2Layer.entries()) {
      const node = nodes[layer * gpt2Layer.length + index];
      if (node?.opType !== opType) throw new Error(`layer ${layer} must have a ${opType} here, got ${node?.opType}`);
      for (const [input, name] of Object.entries(names)) {
        take(
          name.startsWith("next") ? name.replace("next", next) : `transformer.h.${layer}.${name}`,
          node.input[+input],
        );
      }
    }
  }
  return found;
}

/** Files as `openCheckpoint` takes them. */
export function folderOf(
  config: Readonly<Record<string, unknown>>,
  weights: ReadonlyMap<string, StoredTensor>,
): readonly File[] {
  return [
    new File([JSON.stringify(config)], "config.json"),
    new File([encodeSafetensors(weights)], "model.safetensors"),
  ];
}
