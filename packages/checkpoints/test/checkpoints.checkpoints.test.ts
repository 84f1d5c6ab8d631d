import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { createOrtWebBackend } from "@relpos/backend-ort-web";
import { createReferenceBackend } from "@relpos/backend-reference";
import { createTfjsBackend } from "@relpos/backend-tfjs";
import type { HostTensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { Named } from "@relpos/core/nn";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  bytesSource,
  type Checkpoint,
  encodeSafetensors,
  loadModel,
  openCheckpoint,
  openLlama2c,
  readLlama2cTokenizer,
  storedWeights,
} from "../src/index.js";
import { caseNames, checkCase, greedyTokens } from "./cases.js";
import { ortGenaiModels } from "./ort-genai-models.js";

// Every checkpoint of RELPOS_CHECKPOINTS against the outputs that transformers computed for it, and beside that folder, in
// data/models, the text that llama2.c writes with stories260K, and the tokens of onnxruntime-genai's test models.
const folder = resolve(process.env.RELPOS_CHECKPOINTS ?? "checkpoints");
const names = caseNames(folder);
const stories = join(folder, "../data/models/stories260K");
const ortGenai = join(folder, "../data/models/ort-genai");

interface Subject {
  readonly create: () => Promise<Backend>;
  /** Default: all. Slower backends take one of each kind of encoding, head and block. */
  readonly cases?: readonly string[];
}

const some = [
  "beit",
  "bert_qa",
  "bloom_h6",
  "deberta_v2_mlm",
  "falcon_alibi",
  "gemma3_text",
  "gpt2",
  "gpt_neox_fp16",
  "gpt_oss",
  "llama4_text",
  "llama_yarn",
  "modernbert",
  "phi3_longrope",
  "qwen3_sharded",
  "swin",
  "t5_gated",
  "xlnet",
];

const subjects: Readonly<Record<string, Subject>> = {
  reference: { create: async () => createReferenceBackend() as Backend },
  "ort-node": { create: async () => (await createOrtNodeBackend({ device: "cpu", threads: 1 })) as Backend },
  "ort-web wasm": { create: async () => (await createOrtWebBackend({ device: "wasm" })) as Backend, cases: some },
  "tfjs cpu": { create: async () => (await createTfjsBackend({ device: "cpu" })) as Backend, cases: some },
};

describe("parameters that are written back", () => {
  test.each(names)("%s: load as they were", async (name) => {
    const checkpoint = await openCheckpoint(join(folder, name));
    const weights = await checkpoint.load();
    const own = Object.entries(weights).filter(([parameter]) => checkpoint.sources.get(parameter)?.put);
    expect(own.length).toBeGreaterThan(0);
    const zeros = own.map(([parameter, value]) => [parameter, { ...value, data: value.data.map(() => 0) }] as const);
    const cleared = await reopened(checkpoint, Object.fromEntries(zeros));
    expect(await cleared.load()).toMatchObject(Object.fromEntries(zeros));
    const again = await reopened(checkpoint, Object.fromEntries(own));
    expect(await again.load()).toEqual(weights);
    await checkpoint.close();
  });
});

/** A checkpoint from the tensors that another has with other values. */
async function reopened(checkpoint: Checkpoint, values: Named<HostTensor>): Promise<Checkpoint> {
  const config = new TextEncoder().encode(JSON.stringify(checkpoint.config));
  const tensors = encodeSafetensors(await storedWeights(checkpoint, values));
  const files = new Map([
    ["config.json", bytesSource(config, "config.json")],
    ["model.safetensors", bytesSource(tensors, "model.safetensors")],
  ]);
  return openCheckpoint(files);
}

describe.each(Object.entries(subjects))("%s", (_, { create, cases = names }) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await create();
  });
  afterAll(() => backend.close());

  test.each(cases)("%s", (name) => checkCase(join(folder, name), backend), 600_000);

  test.runIf(existsSync(stories))(
    "llama2.c's stories260K: the greedy text of run.c, byte for byte",
    async () => {
      const checkpoint = await openLlama2c(join(stories, "stories260K.bin"));
      const tokenizer = readLlama2cTokenizer(readFileSync(join(stories, "tok512.bin")));
      const model = await loadModel(checkpoint.model, await checkpoint.load(), backend);
      const tokens = await greedyTokens(model, tokenizer.encode(""), 200);
      await model.close();
      await checkpoint.close();
      expect(tokenizer.decode(tokens)).toBe(readFileSync(join(stories, "expected_greedy_200_steps.txt"), "utf8"));
    },
    600_000,
  );

  test.runIf(existsSync(ortGenai)).each(Object.entries(ortGenaiModels))(
    "onnxruntime-genai's %s: its makers' greedy tokens",
    async (name, { open, greedy }) => {
      const checkpoint = await openCheckpoint(open(join(ortGenai, name)));
      const model = await loadModel(checkpoint.model, await checkpoint.load(), backend);
      for (const { prompt, tokens } of greedy) expect(await greedyTokens(model, prompt, tokens.length)).toEqual(tokens);
      await model.close();
      await checkpoint.close();
    },
    600_000,
  );
});
