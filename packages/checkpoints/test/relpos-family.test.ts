import { createReferenceBackend } from "@relpos/backend-reference";
import { catalogue } from "@relpos/catalogue";
import { expectClose } from "@relpos/conformance";
import { exactTensor, type HostTensor, tensor, toNumbers } from "@relpos/core";
import { initializeParameters } from "@relpos/core/nn";
import { afterAll, describe, expect, test } from "vitest";
import { encodeSafetensors, loadModel, modelOf, openCheckpoint } from "../src/index.js";
import { bytesSource } from "../src/safetensors/index.js";

// Folders of models that relpos trains: any encoding of the catalogue, by the name in config.json.

const backend = createReferenceBackend();
afterAll(() => backend.close());

const configOf = (name: string, others: Readonly<Record<string, unknown>> = {}) => ({
  model_type: "relpos",
  architectures: ["RelposForCausalLM"],
  is_decoder: true,
  vocab_size: 20,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 32,
  max_position_embeddings: 12,
  position_encoding: { name, digits: [3, 4] },
  ...others,
});

const open = (config: Readonly<Record<string, unknown>>) => {
  const weights = initializeParameters(modelOf(config).parameters, 1);
  const files = { "config.json": JSON.stringify(config), "model.safetensors": encodeSafetensors(weights) };
  const sources = Object.entries(files).map(([name, content]) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    return [name, bytesSource(bytes, name)] as const;
  });
  return openCheckpoint(new Map(sources));
};

const ids = tensor(Int32Array.of(1, 3, 4, 7, 2, 3, 9, 8), [1, 8], "int32");

/** Columns of logits [1, S, V] or of a state by position. */
const lastOf = ({ data, shape }: HostTensor): HostTensor => {
  const size = shape[2] as number;
  return exactTensor(Array.from(data as Float32Array).slice(-size), [size]);
};

const causal = Object.values(catalogue).filter(({ attention }) => attention !== "bidirectional");

describe("every causal encoding of the catalogue", () => {
  test.each(causal.map(({ name }) => name))("%s opens and sees what came before only", async (name) => {
    const checkpoint = await open(configOf(name));
    expect(checkpoint.unused).toEqual([]);
    const loaded = await loadModel(checkpoint.model, await checkpoint.load(), backend);
    const { outputs } = await loaded.run({ input_ids: ids }, { wanted: ["logits"] });
    const logits = outputs.logits as HostTensor;
    expect(logits.shape).toEqual([1, 8, 20]);
    const shorter = await loaded.run(
      { input_ids: tensor(ids.data.slice(0, 5), [1, 5], "int32") },
      { wanted: ["logits"] },
    );
    const prefix = exactTensor(Array.from(logits.data as Float32Array).slice(80, 100), [20]);
    // A text that grows keeps its positions: what was said of it before is said again.
    expectClose(lastOf(shorter.outputs.logits as HostTensor), prefix, "goldenSingle");
    await loaded.close();
    await checkpoint.close();
  });
});

test("heads of encoders and of encoder-decoders", async () => {
  const encoder = { is_decoder: false, id2label: { 0: "a", 1: "b", 2: "c" } };
  const inputs = { input_ids: ids, attention_mask: tensor(Int32Array.of(1, 1, 1, 1, 1, 1, 0, 0), [1, 8], "int32") };
  const run = async (architecture: string, given: object = inputs, others: object = encoder) => {
    const checkpoint = await open(configOf("t5", { architectures: [architecture], ...others }));
    const loaded = await loadModel(checkpoint.model, await checkpoint.load(), backend);
    const { outputs } = await loaded.run(given);
    await loaded.close();
    return Object.fromEntries(Object.entries(outputs).map(([name, { shape }]) => [name, shape]));
  };
  expect(await run("RelposForSequenceClassification")).toEqual({ logits: [1, 3] });
  expect(await run("RelposForTokenClassification")).toEqual({ logits: [1, 8, 3] });
  expect(await run("RelposForQuestionAnswering")).toEqual({ start_logits: [1, 8], end_logits: [1, 8] });
  expect(await run("RelposForMaskedLM")).toEqual({ logits: [1, 8, 20] });
  expect(await run("RelposModel")).toEqual({ last_hidden_state: [1, 8, 16] });
  const both = { is_decoder: false, is_encoder_decoder: true };
  const translated = await run("RelposForConditionalGeneration", { ...inputs, decoder_input_ids: ids }, both);
  expect(translated).toEqual({ logits: [1, 8, 20], encoder_last_hidden_state: [1, 8, 16] });
});

test("positions that are drawn for training differ by row and key, and are the same again", async () => {
  const { drawPositions } = modelOf(configOf("randomized-rope"));
  const rows = tensor(new Int32Array(24), [2, 12], "int32");
  const key = [1, 2] as const;
  const drawn = drawPositions?.(rows, { key, training: true }) as HostTensor;
  const [first, second] = [Array.from(toNumbers(drawn)).slice(0, 12), Array.from(toNumbers(drawn)).slice(12)];
  expect(first).not.toEqual(second);
  expect(drawPositions?.(rows, { key, training: true })).toEqual(drawn);
  expect(first).toEqual([...first].sort((a, b) => a - b));
});

describe("errors", () => {
  test.each([
    [{ position_encoding: { name: "ropes" } }, "position_encoding.name must be one of"],
    [{ position_encoding: { name: "rope", base: 5 } }, "got position_encoding.base (5)"],
    [{ architectures: ["RelposForMaskedLM"] }, "model_type relpos has no head for masked-lm"],
    [
      { is_decoder: false, architectures: ["RelposForMaskedLM"], position_encoding: { name: "cable" } },
      "for bidirectional",
    ],
  ])("%o", (others, message) => {
    expect(() => modelOf(configOf("rope", others))).toThrow(message);
  });
});
