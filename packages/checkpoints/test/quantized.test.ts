import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { dequantizeBlocks, type HostTensor, run, tensor } from "@relpos/core";
import { afterAll, describe, expect, test } from "vitest";
import { openCheckpoint, quantizeBlocks, saveSafetensors } from "../src/index.js";

const reference = createReferenceBackend();
const folder = mkdtempSync(join(tmpdir(), "relpos-quantized-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A row of 32 numbers: these, then zeros. */
const row = (...numbers: readonly number[]): readonly number[] => [
  ...numbers,
  ...new Array<number>(32 - numbers.length).fill(0),
];

const widened = (blocks: ReturnType<typeof quantizeBlocks>, bits: 4 | 8): Promise<HostTensor> =>
  run(reference, (data, scales) => dequantizeBlocks(data, scales, bits), blocks.data, blocks.scales);

describe("blocks of 32 numbers", () => {
  test("8 bits: scale max|x| / 127, bytes round(x / scale) + 128", async () => {
    const blocks = quantizeBlocks(tensor([...row(254, -127, 1, 0.9), ...row()], [1, 64]), 8);
    expect([...blocks.scales.data]).toEqual([2, 0]);
    expect([...blocks.data.data].slice(0, 5)).toEqual([255, 64 + 1, 129, 128, 128]);
    expect([...(await widened(blocks, 8)).data].slice(0, 5)).toEqual([254, -126, 2, 0, 0]);
    expect(blocks.data.shape).toEqual([1, 2, 32]);
  });

  test("4 bits: scale of the farthest number over −8, two in a byte, the lower half first", async () => {
    const blocks = quantizeBlocks(tensor([...row(-16, 14, 2, -1), ...row(8, -8, 1)], [2, 32]), 4);
    // −16 / −8 = 2: −8, 7, 1, round(−0.5) = −0; 8 / −8 = −1: −8, 8 → 7, −1.
    expect([...blocks.scales.data]).toEqual([2, -1]);
    expect([...blocks.data.data].slice(0, 2)).toEqual([0 | (15 << 4), 9 | (8 << 4)]);
    expect([...blocks.data.data].slice(16, 18)).toEqual([0 | (15 << 4), 7 | (8 << 4)]);
    const numbers = [...(await widened(blocks, 4)).data];
    expect(numbers.slice(0, 4)).toEqual([-16, 14, 2, 0]);
    expect(numbers.slice(32, 35)).toEqual([8, -7, 1]);
  });

  test("a row must have whole blocks", () => {
    expect(() => quantizeBlocks(tensor(new Float32Array(33), [1, 33]), 8)).toThrow(
      "[quantizeBlocks] a matrix must have a multiple of 32 columns, got [1,33]",
    );
  });
});

const [width, hidden, vocabulary] = [64, 96, 50];
const shapes: Readonly<Record<string, readonly number[]>> = {
  "model.embed_tokens.weight": [vocabulary, width],
  "model.layers.0.input_layernorm.weight": [width],
  "model.layers.0.self_attn.q_proj.weight": [width, width],
  "model.layers.0.self_attn.k_proj.weight": [width, width],
  "model.layers.0.self_attn.v_proj.weight": [width, width],
  "model.layers.0.self_attn.o_proj.weight": [width, width],
  "model.layers.0.post_attention_layernorm.weight": [width],
  "model.layers.0.mlp.gate_proj.weight": [hidden, width],
  "model.layers.0.mlp.up_proj.weight": [hidden, width],
  "model.layers.0.mlp.down_proj.weight": [width, hidden],
  "model.norm.weight": [width],
};

/** A Llama of one layer whose head is its embedding. */
async function llama(name: string, change: (tensors: Record<string, HostTensor>) => void = () => {}): Promise<string> {
  const path = join(folder, name);
  const tensors = Object.fromEntries(
    Object.entries(shapes).map(([parameter, shape], place) => {
      const count = shape.reduce((a, b) => a * b, 1);
      return [
        parameter,
        tensor(
          Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + place) / 4),
          shape,
        ),
      ];
    }),
  );
  change(tensors);
  await saveSafetensors(join(path, "model.safetensors"), tensors);
  const config = {
    ...{ model_type: "llama", architectures: ["LlamaForCausalLM"], hidden_size: width, num_hidden_layers: 1 },
    ...{ num_attention_heads: 4, num_key_value_heads: 4, intermediate_size: hidden, vocab_size: vocabulary },
    ...{ max_position_embeddings: 64, rms_norm_eps: 1e-5, rope_theta: 10_000, hidden_act: "silu" },
    tie_word_embeddings: true,
  };
  writeFileSync(join(path, "config.json"), JSON.stringify(config));
  return path;
}

const cacheFolder = join(folder, "cache");
const caches = (): readonly string[] => readdirSync(cacheFolder).sort();

describe("a checkpoint in fewer bits", () => {
  test("matrices and embeddings are in blocks, norms as they were", async () => {
    const path = await llama("blocks");
    const whole = await openCheckpoint(path);
    const values = await whole.load();
    for (const [dtype, bytes] of [
      ["q8", 32],
      ["q4", 16],
    ] as const) {
      const checkpoint = await openCheckpoint(path, { dtype, cacheFolder });
      const loaded = await checkpoint.load();
      expect(loaded["embedding.weight"]?.shape).toEqual([vocabulary, 2, bytes]);
      expect(loaded["norm.scale"]).toEqual(values["norm.scale"]);
      const expected = quantizeBlocks(values["layers.0.feedForward.down.weight"] as HostTensor, dtype === "q8" ? 8 : 4);
      expect(loaded["layers.0.feedForward.down.weight"]).toEqual(expected.data);
      expect(loaded["layers.0.feedForward.down.weight.scales"]).toEqual(expected.scales);
      await checkpoint.close();
    }
    const half = await openCheckpoint(path, { dtype: "fp16", cacheFolder });
    const { "embedding.weight": rounded } = await half.load();
    expect(rounded?.dtype).toBe("float16");
    await half.close();
    await whole.close();
  });

  test("is made once, and anew when the weights change; every place of it lies in the file", async () => {
    const path = await llama("kept");
    const before = caches();
    const open = async () => {
      const checkpoint = await openCheckpoint(path, { dtype: "q4", cacheFolder });
      for await (const [, value] of checkpoint.places()) expect("path" in value).toBe(true);
      await checkpoint.close();
      return caches().filter((name) => !before.includes(name));
    };
    const [first] = await open();
    expect(await open()).toEqual([first]);
    await llama("kept", (tensors) => {
      const { data } = tensors["model.layers.0.mlp.up_proj.weight"] as HostTensor;
      data[3000] = 1;
    });
    expect(await open()).toHaveLength(2);
    expect(caches().every((name) => name.endsWith(".safetensors"))).toBe(true);
  });

  test("a copy with the same bytes and times is the same, whatever its folder", async () => {
    const path = await llama("original");
    const time = new Date("2026-01-01");
    utimesSync(join(path, "model.safetensors"), time, time);
    cpSync(path, join(folder, "copy"), { recursive: true, preserveTimestamps: true });
    await (await openCheckpoint(path, { dtype: "q8", cacheFolder })).close();
    const before = caches();
    await (await openCheckpoint(join(folder, "copy"), { dtype: "q8", cacheFolder })).close();
    expect(caches()).toEqual(before);
  });

  test("files that are not on disk are quantized in memory", async () => {
    const path = await llama("memory");
    const files = ["config.json", "model.safetensors"].map((name) => new File([readFileSync(join(path, name))], name));
    const before = caches();
    const checkpoint = await openCheckpoint(files, { dtype: "q8", cacheFolder });
    expect((await checkpoint.load())["embedding.weight"]?.dtype).toBe("uint8");
    await checkpoint.close();
    expect(caches()).toEqual(before);
  });

  test("what is no number, or no dtype, is refused, and nothing is left", async () => {
    const path = await llama("nan", (tensors) => {
      (tensors["model.norm.weight"] as HostTensor).data[3] = Number.NaN;
    });
    const before = caches();
    await expect(openCheckpoint(path, { dtype: "q8", cacheFolder })).rejects.toThrow(
      "[weights] model.norm.weight: every value must be a number, got NaN",
    );
    expect(caches()).toEqual(before);
    const checkpoint = await openCheckpoint(path);
    await expect(checkpoint.checkPlaces()).rejects.toThrow("model.norm.weight: every value must be a number, got NaN");
    await checkpoint.close();
    await expect(openCheckpoint(path, { dtype: "int8" as never })).rejects.toThrow(
      "[openCheckpoint] dtype must be one of fp32, fp16, q8, q4, got int8",
    );
  });
});

test("8 and 4 bits come near the whole numbers", async () => {
  const value = tensor(
    Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)),
    [2, 32],
  );
  expectClose(await widened(quantizeBlocks(value, 8), 8), value, "rounded8", { length: 1, magnitude: 1 });
});
