import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tensor } from "@relpos/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Adapter, exportSafetensors, openCheckpoint } from "../src/index.js";

const fixture = join(import.meta.dirname, "fixtures", "llama_rope_bf16");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relpos-safetensors-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const configIn = async (name: string) => JSON.parse(await readFile(join(folder, name, "config.json"), "utf8"));

test("as it is: the same numbers in the same type", async () => {
  const before = await openCheckpoint(fixture);
  expect(await exportSafetensors(join(folder, "same"), before)).toEqual(
    expect.arrayContaining(["model.safetensors", "config.json"]),
  );
  const after = await openCheckpoint(join(folder, "same"));
  expect(await after.load()).toEqual(await before.load());
  for (const [name, { dtype }] of before.weights.tensors) expect(after.weights.tensors.get(name)?.dtype).toBe(dtype);
  expect((await configIn("same")).dtype).toBe("bfloat16");
  await Promise.all([before.close(), after.close()]);
});

test.each([
  ["fp32", "F32", "float32"],
  ["fp16", "F16", "float16"],
] as const)("in %s", async (dtype, stored, named) => {
  const before = await openCheckpoint(fixture);
  await exportSafetensors(join(folder, dtype), before, { dtype });
  const after = await openCheckpoint(join(folder, dtype));
  expect(new Set([...after.weights.tensors.values()].map((place) => place.dtype))).toEqual(new Set([stored]));
  if (dtype === "fp32") expect(await after.load()).toEqual(await before.load());
  const config = await configIn(dtype);
  expect([config.dtype, config.torch_dtype]).toEqual([named, undefined]);
  await Promise.all([before.close(), after.close()]);
});

/** W + 2·B·A on the queries of the first layer. */
function adapterFor(width: number): Adapter {
  const module = "base_model.model.model.layers.0.self_attn.q_proj";
  const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i) / 10);
  return {
    config: {
      rank: 1,
      alpha: 2,
      targets: ["model.layers.0.self_attn.q_proj"],
    } as Adapter["config"],
    tensors: new Map([
      [`${module}.lora_A.weight`, tensor(wave(width), [1, width])],
      [`${module}.lora_B.weight`, tensor(wave(width), [width, 1])],
    ]),
  };
}

test("with an adapter and another scaling: both are in the folder", async () => {
  const plain = await openCheckpoint(fixture);
  const adapter = adapterFor(plain.config.hidden_size as number);
  const before = await openCheckpoint(fixture, { adapter, rope: { type: "linear", factor: 2 } });
  await exportSafetensors(join(folder, "merged"), before, { dtype: "fp32" });
  const after = await openCheckpoint(join(folder, "merged"));
  const [own, merged, read] = [await plain.load(), await before.load(), await after.load()];
  expect(read).toEqual(merged);
  expect(read["layers.0.attention.query.weight"]).not.toEqual(own["layers.0.attention.query.weight"]);
  expect((await configIn("merged")).rope_parameters).toMatchObject({ rope_type: "linear", factor: 2 });
  await Promise.all([plain.close(), before.close(), after.close()]);
});

test("other distances, and numbers that do not fit, are errors", async () => {
  const remapped = await openCheckpoint(fixture, { rope: { type: "self-extend", group: 2, window: 8 } });
  await expect(exportSafetensors(join(folder, "remapped"), remapped)).rejects.toThrow(
    "[export] a configuration has no place for self-extend: export it as ONNX",
  );
  const large = { ...remapped, rope: undefined, merged: true };
  const values = await remapped.load();
  const { "norm.scale": scale } = values;
  const load = async () => ({ ...values, "norm.scale": { ...scale!, data: scale!.data.map(() => 70_000) } });
  await expect(exportSafetensors(join(folder, "large"), { ...large, load }, { dtype: "fp16" })).rejects.toThrow(
    "[save] model.norm.weight: 70000 does not fit fp16, choose bf16",
  );
  await remapped.close();
});
