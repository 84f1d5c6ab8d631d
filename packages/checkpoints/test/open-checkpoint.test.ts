import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostTensor } from "@relpos/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  bytesSource,
  encodeSafetensors,
  families,
  openCheckpoint,
  openLlama2c,
  openSafetensors,
  readLlama2cTokenizer,
} from "../src/index.js";

const fixture = join(import.meta.dirname, "fixtures", "llama_rope_bf16");
const config = JSON.parse(readFileSync(join(fixture, "config.json"), "utf8"));
const weights = new Uint8Array(readFileSync(join(fixture, "model.safetensors")));

const text = (name: string, value: unknown) => bytesSource(new TextEncoder().encode(JSON.stringify(value)), name);

/** The fixture as files in memory, with another configuration or other tensors. */
async function filesWith(changes: object, tensors?: (own: Map<string, HostTensor>) => void) {
  const file = await openSafetensors(weights);
  const own = new Map(
    await Promise.all([...file.tensors.keys()].map(async (name) => [name, await file.load(name)] as const)),
  );
  tensors?.(own);
  return new Map([
    ["config.json", text("config.json", { ...config, ...changes })],
    ["model.safetensors", bytesSource(encodeSafetensors(own), "model.safetensors")],
  ]);
}

const open = async (...given: Parameters<typeof filesWith>) => (await openCheckpoint(await filesWith(...given))).load();

describe("a configuration that is not understood is an error that names what is wrong", () => {
  test.each<[object, string]>([
    [{ model_type: "llama99" }, "model_type must be one of"],
    [{ model_type: "toString" }, "got toString"],
    [{ model_type: 3 }, "model_type must be a text, got 3"],
    [{ architectures: ["LlamaForWeather"] }, "got LlamaForWeather"],
    [{ architectures: ["LlamaForMaskedLM"] }, "model_type llama has no head for masked-lm"],
    [{ quantization_config: { bits: 4 } }, 'got quantization_config ({"bits":4})'],
    [{ sliding_window_pattern: 4 }, "got sliding_window_pattern (4)"],
    [{ hidden_act: "mystery" }, "hidden_act must be one of"],
    [{ rope_scaling: { rope_type: "mystery", factor: 2 } }, "got mystery"],
    [{ rope_scaling: { rope_type: "linear", factor: 2, wobble: 1 } }, "got wobble"],
    [{ num_hidden_layers: 2.5 }, "num_hidden_layers must be whole, got 2.5"],
    [{ num_attention_heads: "4" }, 'num_attention_heads must be a number, got "4"'],
    [{ num_key_value_heads: 3 }, "kvHeads must divide heads"],
  ])("%j", async (changes, message) => {
    await expect(open(changes)).rejects.toThrow(message);
  });

  test("every family asks for sizes that are missing", async () => {
    for (const model_type of Object.keys(families)) {
      const folder = new Map([["config.json", text("config.json", { model_type, architectures: ["Model"] })]]);
      await expect(openCheckpoint(folder), model_type).rejects.toThrow(/\[(config|openCheckpoint|transformer)\]/);
    }
  });

  test("no JSON, no file", async () => {
    const broken = new Map([["config.json", bytesSource(new TextEncoder().encode("{"), "config.json")]]);
    await expect(openCheckpoint(broken)).rejects.toThrow("config.json must be JSON");
    await expect(openCheckpoint(new Map())).rejects.toThrow("must have a file config.json");
    await expect(openCheckpoint(new Map([["config.json", text("config.json", config)]]))).rejects.toThrow(
      "must have model.safetensors or an index of shards",
    );
    await expect(openCheckpoint(join(fixture, "none"))).rejects.toThrow("must be a folder that can be read");
  });
});

describe("weights that do not fit are an error that names them", () => {
  const name = "model.layers.0.mlp.up_proj.weight";

  test("missing", async () => {
    await expect(open({}, (own) => own.delete(name))).rejects.toThrow(`it lacks ${name}`);
  });

  test("of another shape", async () => {
    await expect(open({ intermediate_size: 32 })).rejects.toThrow("must give shape [32,48] by the configuration");
  });

  test("not a number", async () => {
    const spoil = (own: Map<string, HostTensor>) => {
      const { data } = own.get(name) as HostTensor;
      data[3] = 0x7fc0;
    };
    await expect(open({}, spoil)).rejects.toThrow(`${name}: every value must be a number, got NaN`);
  });

  test("a tensor that the model does not use is listed", async () => {
    const extra = { shape: [1], dtype: "float32", data: Float32Array.of(1) } as const;
    const checkpoint = await openCheckpoint(await filesWith({}, (own) => own.set("visual.weight", extra)));
    expect(checkpoint.unused).toEqual(["visual.weight"]);
  });
});

test("loading tells how far it is, and can be aborted", async () => {
  const checkpoint = await openCheckpoint(fixture);
  const progress: number[] = [];
  const total = [...checkpoint.weights.tensors.values()].reduce((sum, { length }) => sum + length, 0);
  await checkpoint.load({ onProgress: (event) => progress.push(event.loaded / event.total) });
  expect(progress.at(-1)).toBe(1);
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  expect(total).toBeGreaterThan(0);
  await expect(checkpoint.load({ signal: AbortSignal.abort() })).rejects.toThrow("aborted");
  await checkpoint.close();
  await checkpoint.close();
});

describe("llama2.c", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "relpos-llama2c-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("sizes that do not fit the file, and files that end early, are errors", async () => {
    const path = join(folder, "model.bin");
    await writeFile(path, new Uint8Array(20));
    await expect(openLlama2c(path)).rejects.toThrow("must have at least 28 bytes, got 20");
    await writeFile(path, new Uint8Array(new Int32Array([8, 8, 1, 2, 2, 16, 4, 0]).buffer));
    await expect(openLlama2c(path)).rejects.toThrow(/its sizes need \d+ bytes, got 32/);
    await writeFile(path, new Uint8Array(new Int32Array([-8, 8, 1, 2, 2, 16, 4]).buffer));
    await expect(openLlama2c(path)).rejects.toThrow("must begin with the sizes of a model");
    expect(await readFile(path)).toHaveLength(28);
  });

  test("tokens join by score, bytes stand for characters that have no token", () => {
    const pieces: [string, number][] = [
      ["<unk>", 0],
      ["\n<s>\n", 0],
      ["\n</s>\n", 0],
      ...Array.from({ length: 256 }, (_, byte): [string, number] => [
        `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
        0,
      ]),
      [" ", -3],
      ["a", -3],
      ["b", -3],
      ["ab", -2],
      [" a", -1],
    ];
    const parts = pieces.flatMap(([piece, score]) => {
      const bytes = new TextEncoder().encode(piece);
      const head = new DataView(new ArrayBuffer(8));
      head.setFloat32(0, score, true);
      head.setInt32(4, bytes.length, true);
      return [...new Uint8Array(head.buffer), ...bytes];
    });
    const file = Uint8Array.from([5, 0, 0, 0, ...parts]);
    const tokenizer = readLlama2cTokenizer(file);
    const [space, a, b, ab, spaceA] = [259, 260, 261, 262, 263];
    expect([space, a, b, ab, spaceA].at(-1)).toBe(tokenizer.size - 1);
    expect(tokenizer.encode("abab")).toEqual([1, spaceA, b, ab]);
    expect(tokenizer.encode("é")).toEqual([1, space, 3 + 0xc3, 3 + 0xa9]);
    expect(tokenizer.decode(tokenizer.encode("abab é"))).toBe("abab é");
    expect(() => readLlama2cTokenizer(file.subarray(0, file.length - 1))).toThrow("ends within token 263");
    expect(() => tokenizer.decode([264])).toThrow("token must be below 264, got 264");
  });
});
