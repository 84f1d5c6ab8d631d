import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { type HostTensor, tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { afterAll, describe, expect, test } from "vitest";
import {
  bytesSource,
  type Checkpoint,
  contextLengthOf,
  formatRope,
  loadModel,
  openCheckpoint,
  parseRope,
  type RopeOverride,
} from "../src/index.js";

const fixtures = join(import.meta.dirname, "fixtures");
const llama = join(fixtures, "llama_rope_bf16");
const config = JSON.parse(readFileSync(join(llama, "config.json"), "utf8"));
const weights = new Uint8Array(readFileSync(join(llama, "model.safetensors")));
const backend = createReferenceBackend() as Backend;
afterAll(() => backend.close());

/** The fixture with other settings, from memory. */
const opened = (rope: RopeOverride | undefined, changes: object = {}): Promise<Checkpoint> => {
  const bytes = new TextEncoder().encode(JSON.stringify({ ...config, ...changes }));
  const files = new Map([
    ["config.json", bytesSource(bytes, "config.json")],
    ["model.safetensors", bytesSource(weights, "model.safetensors")],
  ]);
  return openCheckpoint(files, rope ? { rope } : {});
};

const tokens = (length: number): HostTensor =>
  tensor(
    Int32Array.from({ length }, (_, index) => (37 * index + 11) % 256),
    [1, length],
    "int32",
  );

/** Logits of tokens, in one run, or in two with the first run's cache. */
async function logits(checkpoint: Checkpoint, ids: HostTensor, split = 0): Promise<HostTensor> {
  const model = await loadModel(checkpoint.model, await checkpoint.load(), backend);
  try {
    const data = ids.data as Int32Array;
    const part = (from: number, to: number) => tensor(data.slice(from, to), [1, to - from], "int32");
    if (split === 0) return (await model.run({ input_ids: ids })).outputs.logits as HostTensor;
    const { present } = await model.run({ input_ids: part(0, split) });
    const rest = await model.run({ input_ids: part(split, data.length) }, { past: present });
    return rest.outputs.logits as HostTensor;
  } finally {
    await model.close();
  }
}

describe("a scaling as text", () => {
  test.each<[string, RopeOverride]>([
    ["default", { type: "default" }],
    ["linear:4", { type: "linear", factor: 4 }],
    ["dynamic:2.5", { type: "dynamic", factor: 2.5 }],
    ["yarn:4", { type: "yarn", factor: 4 }],
    ["yarn:factor=4,beta_fast=16,truncate=false", { type: "yarn", factor: 4, beta_fast: 16, truncate: false }],
    ["llama3:8", { type: "llama3", factor: 8 }],
    ["longrope:factor=4,long_factor=1/2/4", { type: "longrope", factor: 4, long_factor: [1, 2, 4] }],
    ["self-extend:group=4,window=512", { type: "self-extend", group: 4, window: 512 }],
    ["dual-chunk", { type: "dual-chunk" }],
    ["rerope:512", { type: "rerope", window: 512 }],
    ["auto:16384", { type: "auto", length: 16_384 }],
  ])("%s", (text, override) => {
    expect(parseRope(text)).toEqual(override);
    expect(formatRope(override)).toBe(text);
  });

  test("the first parameter needs no name, and others may follow", () => {
    expect(parseRope("yarn:4,attention_factor=1")).toEqual({ type: "yarn", factor: 4, attention_factor: 1 });
  });

  test.each([
    ["yarm:4", "a scaling must be one of default | linear:4 | dynamic:4 | yarn:4"],
    ["", "a scaling must be one of"],
    ["toString", "a scaling must be one of"],
    ["yarn", "yarn must have its factor, for example yarn:4"],
    ["yarn:0.5", "factor of yarn must be a number from 1, got 0.5"],
    ["yarn:four", 'factor of yarn must be a number from 1, got "four"'],
    ["yarn:4,8", "parameters of yarn must be written as in yarn:4"],
    ["yarn:4,wobble=1", "yarn takes factor, original_max_position_embeddings, beta_fast"],
    ["dual-chunk:3", null],
    ["default:3", "parameters of default must be written as in default"],
    ["self-extend:group=1.5", "group of self-extend must be whole and positive, got 1.5"],
    ["auto", "auto must have its length, for example auto:16384"],
  ])("%s", (text, message) => {
    if (message === null) expect(parseRope(text)).toEqual({ type: "dual-chunk", chunk: 3 });
    else expect(() => parseRope(text)).toThrow(message);
  });
});

describe("what is in effect", () => {
  test.each<[string, RopeOverride, number | undefined]>([
    ["yarn:4", { type: "yarn", factor: 4 }, 1024],
    ["linear:2", { type: "linear", factor: 2 }, 512],
    ["dynamic:4", { type: "dynamic", factor: 4 }, 1024],
    ["llama3:8", { type: "llama3", factor: 8 }, 2048],
    ["longrope:4", { type: "longrope", factor: 4 }, 1024],
    ["default", { type: "default" }, 256],
    // (256 − 64)·4 + 64
    ["self-extend", { type: "self-extend", group: 4, window: 64 }, 832],
    ["self-extend:group=8,window=16", { type: "self-extend", group: 8, window: 16 }, 1936],
    // ¾ and ⅛ of 256
    ["dual-chunk", { type: "dual-chunk", chunk: 192, window: 32 }, undefined],
    ["rerope", { type: "rerope", window: 64 }, undefined],
    // (256 − 64)·16 + 64
    ["rerope:window=64,leak=16", { type: "rerope", window: 64, leak: 16 }, 3136],
    ["auto:200", { type: "auto", length: 200 }, 256],
  ])("%s", async (text, inEffect, contextLength) => {
    const checkpoint = await opened(parseRope(text));
    if (text !== "auto:200") expect(checkpoint.rope).toEqual(inEffect);
    else expect(checkpoint.rope).toBeUndefined();
    expect(checkpoint.contextLength).toBe(contextLength);
  });

  test("auto takes what is recommended first", async () => {
    const { rope, contextLength, config: written } = await opened({ type: "auto", length: 1000 });
    expect(rope).toMatchObject({ type: "yarn", factor: 3.91 });
    expect(contextLength).toBe(1000);
    expect(written.rope_parameters).toMatchObject({ rope_type: "yarn", factor: 3.91, rope_theta: 500_000 });
  });

  test("a scaling stands in the configuration, in the place of its own, with its base and the length of the training", async () => {
    const own = { rope_type: "llama3", factor: 4, low_freq_factor: 1, high_freq_factor: 4 };
    const rope_scaling = { ...own, original_max_position_embeddings: 64 };
    const { config: written, contextLength } = await opened({ type: "dynamic", factor: 2 }, { rope_scaling });
    expect(written.rope_scaling).toBeUndefined();
    expect(written.max_position_embeddings).toBe(64);
    expect(written.rope_parameters).toEqual({
      rope_theta: 500_000,
      original_max_position_embeddings: 64,
      factor: 2,
      rope_type: "dynamic",
    });
    expect(contextLength).toBe(128);
    // Read again, it is the same.
    expect(contextLengthOf(written)).toBe(128);
  });

  test("where layers differ, those that see the whole sequence are scaled", async () => {
    const layers = { sliding_attention: { rope_type: "default", rope_theta: 10 } };
    const rope_parameters = { ...layers, full_attention: { rope_type: "default", rope_theta: 1000 } };
    const withRope = (changes: object) =>
      import("../src/config/with-rope.js").then((module) =>
        module.withRope({ max_position_embeddings: 256, ...changes }, { type: "linear", factor: 2 }),
      );
    const full = { rope_theta: 1000, original_max_position_embeddings: 256, factor: 2, rope_type: "linear" };
    expect((await withRope({ rope_parameters })).config.rope_parameters).toEqual({ ...layers, full_attention: full });
    const older = { rope_theta: 1000, rope_local_base_freq: 10 };
    expect((await withRope(older)).config.rope_parameters).toEqual({ ...layers, full_attention: full });
  });
});

describe("logits", () => {
  const ids = tokens(48);

  // Each of these is the plain rotary embedding within the length of the training.
  test.each([
    "default",
    "linear:1",
    "yarn:1",
    "llama3:1",
    "longrope:1",
    "dynamic:4",
    "dual-chunk",
    "rerope",
    "self-extend",
  ])("%s changes nothing within a short text", async (text) => {
    const [plain, scaled] = [await opened(undefined), await opened(parseRope(text))];
    expectClose(await logits(scaled, ids), await logits(plain, ids), "composite");
  });

  test.each([
    "linear:4",
    "yarn:4",
    "llama3:8",
    "self-extend:group=4,window=8",
    "dual-chunk:chunk=12,window=4",
    "rerope:8",
  ])("%s: a cache gives what no cache gives, and it is not what the plain model gives", async (text) => {
    const checkpoint = await opened(parseRope(text));
    const whole = await logits(checkpoint, ids);
    const [, length, vocabulary] = whole.shape as [number, number, number];
    const split = 29;
    const rest = tensor(whole.data.slice(split * vocabulary) as Float32Array, [1, length - split, vocabulary]);
    expectClose(await logits(checkpoint, ids, split), rest, "composite");
    const plain = await logits(await opened(undefined), ids);
    expect(
      Math.max(...whole.data.map((value, index) => Math.abs(Number(value) - Number(plain.data[index])))),
    ).toBeGreaterThan(0.1);
  });
});

describe("errors name what is wrong", () => {
  test.each<[unknown, string]>([
    [
      { type: "mystery" },
      'type must be one of default, linear, dynamic, yarn, longrope, llama3, self-extend, dual-chunk, rerope, auto, got "mystery"',
    ],
    [{ type: "yarn" }, "yarn must have its factor"],
    [{ type: "yarn", factor: "4" }, 'factor of yarn must be a number from 1, got "4"'],
    [{ type: "linear", factor: 2, wobble: 1 }, "linear takes factor, original_max_position_embeddings, got wobble"],
    [{ type: "self-extend", window: 256 }, "window of self-extend must be below the context of 256, got 256"],
    [{ type: "dual-chunk", chunk: 300 }, "chunk of dual-chunk must be at most the context of 256, got 300"],
    [{ type: "longrope", factor: 2, long_factor: [1, 2] }, "factors must be one for each of 6 pairs, got 2"],
  ])("%j", async (rope, message) => {
    await expect(opened(rope as RopeOverride).then((checkpoint) => logits(checkpoint, tokens(4)))).rejects.toThrow(
      message,
    );
  });

  test("a model without rotary embeddings, and an encoder with other distances", async () => {
    const settings = { model_type: "gpt2", architectures: ["GPT2LMHeadModel"], n_embd: 8, n_head: 2, n_layer: 1 };
    const gpt2 = new TextEncoder().encode(JSON.stringify({ ...settings, n_positions: 16, vocab_size: 8 }));
    const files = () => new Map([["config.json", bytesSource(gpt2, "config.json")]]);
    await expect(openCheckpoint(files(), { rope: { type: "yarn", factor: 2 } })).rejects.toThrow(
      "[rope] the model must have a rotary embedding, gpt2 has learned",
    );
    await expect(openCheckpoint(files(), { rope: { type: "dual-chunk" } })).rejects.toThrow(
      "[rope] the model must have a rotary embedding, gpt2 has learned",
    );
    const esm = join(fixtures, "esm");
    await expect(openCheckpoint(esm, { rope: { type: "dual-chunk" } })).rejects.toThrow(
      "[rope] other distances are for decoders, esm attends to both sides",
    );
    const scaled = await openCheckpoint(esm, { rope: { type: "yarn", factor: 2 } });
    expect(scaled.contextLength).toBe(256);
    await scaled.close();
  });

  test("other distances for a rotation that depends on the length", async () => {
    const rope_scaling = { rope_type: "dynamic", factor: 2 };
    await expect(opened({ type: "rerope" }, { rope_scaling })).rejects.toThrow(
      "rerope needs a rotation that is the same at every length, the model's is dynamic",
    );
  });

  test("a model that names no length", async () => {
    const lengthless = { max_position_embeddings: undefined };
    await expect(opened({ type: "yarn", factor: 2 }, lengthless)).rejects.toThrow(
      "original_max_position_embeddings be given",
    );
    await expect(opened({ type: "rerope" }, lengthless)).rejects.toThrow("must be in its configuration for rerope");
    await expect(opened({ type: "auto", length: 9 }, lengthless)).rejects.toThrow(
      "must be in its configuration for auto",
    );
    const given = { type: "yarn", factor: 2, original_max_position_embeddings: 32 } as const;
    expect((await opened(given, lengthless)).contextLength).toBe(64);
  });
});
