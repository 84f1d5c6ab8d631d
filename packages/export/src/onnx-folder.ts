import {
  type Checkpoint,
  companionFiles,
  type LoadOptions,
  type NamedFile,
  quantizedModel,
  saveFiles,
  toStoredTensor,
  type WeightDType,
} from "@relpos/checkpoints";
import { addDims, check, dimension, type HostTensor, printDim, type Tensor } from "@relpos/core";
import {
  type AccuracyLevel,
  alignment,
  encodeOnnx,
  lower,
  type OnnxModel,
  type OnnxValue,
  withInt64Inputs,
} from "@relpos/onnx";
import { descriptions, type OnnxPart, onnxParts } from "./onnx-parts.js";

/** What is exported of a checkpoint: its model, the values of its parameters, and the files that go along. */
export type Exportable = Pick<Checkpoint, "config" | "family" | "files" | "model" | "stream">;

export interface OnnxExportOptions extends LoadOptions {
  /** In what weights are kept: each makes files of its own, named as transformers.js looks for them. Default `["fp32"]`. */
  readonly dtypes?: readonly WeightDType[];
  /** How exactly weights in 8 and 4 bits are multiplied: 4 rounds the other side to 8 bits too. Default 4, ten times as fast. */
  readonly accuracyLevel?: AccuracyLevel;
}

/** What transformers.js puts behind a file's name. */
const suffixes: Readonly<Record<WeightDType, string>> = { fp32: "", fp16: "_fp16", q8: "_quantized", q4: "_q4" };

/**
 * Writes a checkpoint as ONNX models that any ONNX Runtime opens, in a folder that transformers.js opens: `onnx/model.onnx` with its
 * weights beside it in `onnx/model.onnx_data`, `config.json`, `generation_config.json`, the tokenizer's files. Needs Node.
 *
 * A rotary embedding that the checkpoint was opened with is part of the model, and so is an adapter that was merged. Each file is
 * written as a whole or not at all. Errors before anything is written for a model that has no such form (`onnxParts`).
 */
export async function exportOnnx(
  folder: string,
  checkpoint: Exportable,
  options: OnnxExportOptions = {},
): Promise<readonly string[]> {
  return saveFiles(folder, onnxFolder(checkpoint, options));
}

/** The files of `exportOnnx`, one after another. */
export async function* onnxFolder(
  checkpoint: Exportable,
  { dtypes = ["fp32"], ...options }: OnnxExportOptions = {},
): AsyncGenerator<NamedFile> {
  check(dtypes.length > 0, "exportOnnx", () => "dtypes must name at least one, got none");
  const models = dtypes.flatMap((dtype) => {
    const quantized = quantizedModel(checkpoint.model, dtype);
    const parts = onnxParts(quantized.model, checkpoint.config);
    return parts.map((part) => ({ part, split: quantized.split, name: `${part.name}${suffixes[dtype]}.onnx` }));
  });
  yield* companionFiles(checkpoint);
  yield* settingsFiles(checkpoint);
  for (const { part, split, name } of models) {
    const { data, model } = filesOf(checkpoint, part, split, `${name}_data`, options);
    yield [`onnx/${name}_data`, data];
    yield [`onnx/${name}`, [model()]];
  }
  const external = Object.fromEntries(models.map(({ name }) => [name, 1]));
  yield json("config.json", {
    ...checkpoint.config,
    "transformers.js_config": {
      ...(checkpoint.config["transformers.js_config"] as object | undefined),
      dtype: dtypes.includes("fp32") ? "fp32" : dtypes[0],
      use_external_data_format: external,
    },
  });
}

/**
 * A part's weights as they are read, and its model, which can be had when all of them were: their places are known then. What of
 * the graph itself is large stands behind them.
 */
function filesOf(
  { family, model: { task }, stream }: Exportable,
  { graph, parameters, outputs }: OnnxPart,
  split: (parameter: string, value: HostTensor) => Readonly<Record<string, HostTensor>>,
  dataFile: string,
  { accuracyLevel = 4, ...options }: Omit<OnnxExportOptions, "dtypes">,
): { readonly data: AsyncIterable<Uint8Array>; readonly model: () => Uint8Array } {
  let encoded: Uint8Array | undefined;
  const data = async function* (): AsyncGenerator<Uint8Array> {
    const external = new Map<Tensor, { readonly path: string; readonly offset: number }>();
    let end = 0;
    const padding = (): Uint8Array => new Uint8Array(-end & (alignment - 1));
    const place = function* (bytes: Uint8Array): Generator<Uint8Array> {
      const before = padding();
      yield before;
      yield bytes;
      end += before.length + bytes.length;
    };
    for await (const [parameter, value] of stream(options)) {
      for (const [name, own] of Object.entries(split(parameter, value))) {
        const input = parameters.get(name);
        if (!input) continue;
        external.set(input, { path: dataFile, offset: end + padding().length });
        yield* place(toStoredTensor(own).bytes);
      }
    }
    const dataStart = end + padding().length;
    const lowered = described(lower(graph, { external, outputs, accuracyLevel }), `${family}, ${task}`);
    const { model, externalData } = encodeOnnx(lowered, { dataFile, dataStart });
    encoded = model;
    for (const bytes of externalData.values()) yield* place(bytes);
  };
  return {
    data: data(),
    model: () => {
      check(encoded, "exportOnnx", () => `${dataFile} must be written first`);
      return encoded;
    },
  };
}

const spelledTotal = printDim(addDims(dimension("past_sequence_length"), dimension("sequence_length")));

/** A model with 64-bit ids, as programs give them, with a name for the length of all tokens, and with what its inputs are. */
function described(model: OnnxModel, what: string): OnnxModel {
  const ids = model.inputs.filter(({ type }) => type === "int32").map(({ name }) => name);
  const value = ({ shape = [], ...others }: OnnxValue): OnnxValue => {
    const description = (descriptions as Readonly<Record<string, string>>)[others.name];
    const sizes = shape.map((size) => (size === spelledTotal ? "total_sequence_length" : size));
    return { ...others, shape: sizes, ...(description !== undefined && { description }) };
  };
  const wide = withInt64Inputs(model, new Set(ids));
  return {
    ...wide,
    description: `${what}; inputs and outputs as Hugging Face names them`,
    inputs: wide.inputs.map(value),
    outputs: wide.outputs.map(value),
  };
}

const tokens = ["bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id"] as const;

/** What transformers.js asks for beside a model, where the checkpoint has none of its own. */
function* settingsFiles({ config, files, model }: Exportable): Generator<NamedFile> {
  if (model.cache && !files.has("generation_config.json")) {
    const given = tokens.filter((name) => typeof config[name] === "number" || Array.isArray(config[name]));
    const own = Object.fromEntries(given.map((name) => [name, config[name]]));
    yield json("generation_config.json", { _from_model_config: true, ...own });
  }
  if (files.has("tokenizer.json") && !files.has("tokenizer_config.json")) {
    yield json("tokenizer_config.json", { tokenizer_class: "PreTrainedTokenizerFast" });
  }
}

function json(name: string, value: unknown): NamedFile {
  return [name, [new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`)]];
}
