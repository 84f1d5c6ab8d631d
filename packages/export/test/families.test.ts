import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createReferenceBackend } from "@relpos/backend-reference";
import { type ConfigFields, loadModel, modelOf, quantizedModel, type WeightDType } from "@relpos/checkpoints";
import { expectClose } from "@relpos/conformance";
import { type HostTensor, randomIntegers, randomKey, tensor } from "@relpos/core";
import { initializeParameters } from "@relpos/core/nn";
import { afterAll, expect, test } from "vitest";
import { type Exportable, exportOnnx } from "../src/index.js";
import { type Numbers, OnnxModel } from "./onnx-model.js";

// Families with random weights, exported and opened in plain ONNX Runtime, against the same model on the reference backend.

const out = mkdtempSync(join(tmpdir(), "relpos-export-"));
afterAll(() => rmSync(out, { recursive: true, force: true }));
const reference = createReferenceBackend();

const llamaLike = {
  vocab_size: 40,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 48,
  max_position_embeddings: 64,
  head_dim: 8,
};

const decoders: Readonly<Record<string, ConfigFields>> = {
  llama: { ...llamaLike, architectures: ["LlamaForCausalLM"] },
  qwen3: { ...llamaLike, architectures: ["Qwen3ForCausalLM"], rope_theta: 10_000, tie_word_embeddings: true },
  gemma3_text: {
    ...llamaLike,
    architectures: ["Gemma3ForCausalLM"],
    query_pre_attn_scalar: 8,
    sliding_window: 4,
    layer_types: ["sliding_attention", "full_attention"],
  },
  gpt2: { architectures: ["GPT2LMHeadModel"], vocab_size: 40, n_embd: 32, n_layer: 2, n_head: 4, n_positions: 64 },
  gpt_neox: {
    architectures: ["GPTNeoXForCausalLM"],
    vocab_size: 40,
    hidden_size: 32,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    intermediate_size: 48,
    max_position_embeddings: 64,
  },
  bloom: { architectures: ["BloomForCausalLM"], vocab_size: 40, hidden_size: 32, n_layer: 2, n_head: 4 },
};

/** A model with random weights, as a checkpoint is exported, and on the reference backend. */
async function made(model_type: string, fields: ConfigFields, dtype: WeightDType = "fp32") {
  const config = { model_type, ...fields };
  const model = modelOf(config);
  const values = Object.entries(initializeParameters(model.parameters, 3));
  const exportable: Exportable = {
    config,
    family: model_type,
    files: new Map(),
    model,
    stream: async function* () {
      yield* values;
    },
  };
  const { model: own, split } = quantizedModel(model, dtype);
  const weights = Object.fromEntries(values.flatMap(([name, value]) => Object.entries(split(name, value))));
  return { exportable, oracle: await loadModel(own, weights, reference) };
}

const int32 = (values: ArrayLike<number>, shape: readonly number[]): HostTensor => tensor(values, shape, "int32");
const host = ({ shape, data }: Numbers): HostTensor => tensor(data, shape);
const near = (actual: Numbers | undefined, expected: HostTensor | undefined): void => {
  expect(actual?.shape).toEqual(expected?.shape);
  expectClose(host(actual as Numbers), expected as HostTensor, "composite", { length: 48, magnitude: 4 });
};

const rows = 2;
const tokens = Array.from(randomIntegers(randomKey(1), rows * 7, 2, 40));
/** The first row begins with two places of padding. */
const padding = [0, 0, 1, 1, 1, 1, 1, ...Array.from({ length: 7 }, () => 1)];
const counted = [0, 0, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 6];
const columns = (values: readonly number[], start: number, end: number): HostTensor => {
  const cut = [0, 1].flatMap((row) => values.slice(row * 7 + start, row * 7 + end));
  return int32(cut, [rows, end - start]);
};

test.each(Object.entries(decoders))("%s: a padded batch at once, and token by token", async (family, fields) => {
  const { exportable, oracle } = await made(family, fields);
  const folder = join(out, family);
  await exportOnnx(folder, exportable);
  const model = await OnnxModel.open(folder);
  const inputs = (start: number, end: number) => ({
    input_ids: columns(tokens, start, end),
    attention_mask: columns(padding, 0, end),
    position_ids: columns(counted, start, end),
  });
  const { input_ids, attention_mask } = inputs(0, 7);
  const { outputs: expected } = await oracle.run({ input_ids, attention_mask });
  const whole = await model.run(inputs(0, 7));
  const logits = expected.logits as HostTensor;
  const shown = (value: HostTensor, start: number, end: number): HostTensor => {
    const width = value.shape[2] as number;
    const from = Math.max(start, 2);
    const length = value.shape[1] as number;
    const offset = length === 7 ? 0 : start;
    const cut = [0, 1].flatMap((row) =>
      Array.from(value.data.slice((row * length + from - offset) * width, (row * length + end - offset) * width)),
    );
    return tensor(cut, [rows, end - from, width]);
  };
  const agree = (actual: Numbers | undefined, start: number, end: number): void => {
    const found = shown(host(actual as Numbers), start, end);
    near(found as Numbers, shown(logits, start, end));
  };
  agree(whole.outputs.logits, 0, 7);
  const first = await model.run(inputs(0, 4));
  agree(first.outputs.logits, 0, 4);
  const second = await model.run(inputs(4, 6), first.present);
  agree(second.outputs.logits, 4, 6);
  const third = await model.run(inputs(6, 7), second.present);
  agree(third.outputs.logits, 6, 7);
  expect(model.inputs.slice(0, 2)).toEqual(["input_ids", "attention_mask"]);
  expect(model.inputs.includes("position_ids")).toBe(family !== "bloom");
  expect(model.outputs.slice(0, 3)).toEqual(["logits", "present.0.key", "present.0.value"]);
  expect(model.shapeOf("attention_mask")).toEqual(["batch_size", "total_sequence_length"]);
  expect(model.shapeOf("past_key_values.1.key").slice(0, 3)).toEqual([
    "batch_size",
    family === "gpt2" || family === "gpt_neox" || family === "bloom" ? 4 : 2,
    "past_sequence_length",
  ]);
  await Promise.all([model.close(), oracle.close()]);
});

const bert = {
  vocab_size: 40,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 48,
  max_position_embeddings: 64,
};

test.each([
  ["BertForMaskedLM", ["logits"]],
  ["BertForSequenceClassification", ["logits"]],
  ["BertForTokenClassification", ["logits"]],
  ["BertForQuestionAnswering", ["start_logits", "end_logits"]],
  ["BertModel", ["last_hidden_state"]],
])("%s gives %j", async (architecture, names) => {
  const { exportable, oracle } = await made("bert", { ...bert, architectures: [architecture] });
  const folder = join(out, architecture);
  await exportOnnx(folder, exportable);
  const model = await OnnxModel.open(folder);
  expect([model.inputs, model.outputs]).toEqual([["input_ids", "attention_mask", "token_type_ids"], names]);
  const given = {
    input_ids: columns(tokens, 0, 7),
    attention_mask: columns(Array.from(padding).reverse(), 0, 7),
    token_type_ids: columns([...Array.from({ length: 7 }, () => 0), 0, 0, 1, 1, 1, 1, 1], 0, 7),
  };
  const { outputs: expected } = await oracle.run(given);
  const { outputs } = await model.run(given);
  for (const name of names) near(outputs[name], expected[name]);
  await Promise.all([model.close(), oracle.close()]);
});

test("t5: an encoder, and a decoder with its cache", async () => {
  const { exportable, oracle } = await made("t5", {
    architectures: ["T5ForConditionalGeneration"],
    vocab_size: 40,
    d_model: 32,
    d_kv: 8,
    d_ff: 48,
    num_layers: 2,
    num_heads: 4,
  });
  const folder = join(out, "t5");
  await exportOnnx(folder, exportable);
  const [encoder, decoder] = await Promise.all([
    OnnxModel.open(folder, "encoder_model"),
    OnnxModel.open(folder, "decoder_model_merged"),
  ]);
  const source = { input_ids: columns(tokens, 0, 7), attention_mask: columns(Array.from(padding).reverse(), 0, 7) };
  const target = columns(Array.from(tokens).reverse(), 0, 5);
  const { outputs: expected } = await oracle.run({ ...source, decoder_input_ids: target });
  const { last_hidden_state } = (await encoder.run(source)).outputs;
  near(last_hidden_state, expected.encoder_last_hidden_state);
  const memory = { encoder_hidden_states: last_hidden_state, encoder_attention_mask: source.attention_mask };
  const first = await decoder.run({ input_ids: columns(Array.from(tokens).reverse(), 0, 3), ...memory });
  const second = await decoder.run(
    { input_ids: columns(Array.from(tokens).reverse(), 3, 5), ...memory },
    first.present,
  );
  const logits = expected.logits as HostTensor;
  const part = (start: number, end: number): HostTensor => {
    const cut = [0, 1].flatMap((row) => Array.from(logits.data.slice((row * 5 + start) * 40, (row * 5 + end) * 40)));
    return tensor(cut, [rows, end - start, 40]);
  };
  near(first.outputs.logits, part(0, 3));
  near(second.outputs.logits, part(3, 5));
  expect(decoder.inputs.slice(0, 4)).toEqual([
    "encoder_attention_mask",
    "input_ids",
    "encoder_hidden_states",
    "past_key_values.0.decoder.key",
  ]);
  await Promise.all([encoder.close(), decoder.close(), oracle.close()]);
});

test.each(["fp16", "q8", "q4"] as const)("weights in %s", async (dtype) => {
  const { exportable, oracle } = await made("llama", decoders.llama!, dtype);
  const folder = join(out, dtype);
  const names = await exportOnnx(folder, exportable, { dtypes: [dtype], accuracyLevel: 0 });
  const suffix = { fp16: "_fp16", q8: "_quantized", q4: "_q4" }[dtype];
  expect(names).toEqual([
    "generation_config.json",
    `onnx/model${suffix}.onnx_data`,
    `onnx/model${suffix}.onnx`,
    "config.json",
  ]);
  const model = await OnnxModel.open(folder, `model${suffix}`);
  const given = {
    input_ids: columns(tokens, 0, 7),
    attention_mask: columns(
      padding.map(() => 1),
      0,
      7,
    ),
  };
  const { outputs } = await model.run({
    ...given,
    position_ids: columns([...Array(7).keys(), ...Array(7).keys()], 0, 7),
  });
  near(outputs.logits, (await oracle.run(given)).outputs.logits);
  await Promise.all([model.close(), oracle.close()]);
});

test("images", async () => {
  const { exportable, oracle } = await made("vit", {
    architectures: ["ViTForImageClassification"],
    hidden_size: 32,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    intermediate_size: 48,
    image_size: 8,
    patch_size: 4,
    num_labels: 3,
  });
  const folder = join(out, "vit");
  await exportOnnx(folder, exportable);
  const model = await OnnxModel.open(folder);
  const pixel_values = tensor(
    Float32Array.from({ length: 2 * 3 * 64 }, (_, i) => Math.sin(i)),
    [2, 3, 8, 8],
  );
  const { outputs } = await model.run({ pixel_values });
  const { outputs: expected } = await oracle.run({ pixel_values });
  near(outputs.logits, expected.logits);
  expect(model.shapeOf("pixel_values")).toEqual(["batch_size", 3, 8, 8]);
  await Promise.all([model.close(), oracle.close()]);
});

test("positions that are drawn have no such form", async () => {
  const { exportable } = await made("relpos", {
    architectures: ["RelposForCausalLM"],
    vocab_size: 40,
    hidden_size: 32,
    num_hidden_layers: 1,
    num_attention_heads: 4,
    intermediate_size: 48,
    max_position_embeddings: 16,
    is_decoder: true,
    position_encoding: { name: "randomized-rope" },
  });
  await expect(exportOnnx(join(out, "drawn"), exportable)).rejects.toThrow(
    "[exportOnnx] positions must be counted, no runtime knows how to draw those of",
  );
});
