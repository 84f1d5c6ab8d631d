import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tensor } from "@relpos/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCheckpoint, saveCheckpoint } from "../src/index.js";

const fixtures = join(import.meta.dirname, "fixtures");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relpos-save-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(["llama_rope_bf16", "esm"])("%s", (name) => {
  test("saved with other values opens with these, and with the same of the rest", async () => {
    const before = await openCheckpoint(join(fixtures, name));
    const weights = await before.load();
    const changed = Object.entries(weights).filter((_, index) => index % 2 === 0);
    const doubled = Object.fromEntries(
      changed.map(([parameter, value]) => [
        parameter,
        tensor(
          Array.from(value.data, (x) => 2 * x),
          value.shape,
        ),
      ]),
    );
    await saveCheckpoint(join(folder, name), before, doubled);
    expect(await readdir(join(folder, name))).toEqual(expect.arrayContaining(["config.json", "model.safetensors"]));
    const after = await openCheckpoint(join(folder, name));
    expect(await after.load()).toEqual({ ...weights, ...doubled });
    expect(after.unused).toEqual(before.unused);
    await before.close();
    await after.close();
  });
});

test("a name that is no parameter, and another shape, are errors", async () => {
  const checkpoint = await openCheckpoint(join(fixtures, "esm"));
  const save = (values: Parameters<typeof saveCheckpoint>[2]) =>
    saveCheckpoint(join(folder, "wrong"), checkpoint, values);
  await expect(save({ "layers.9.norm": tensor([1], [1]) })).rejects.toThrow("got layers.9.norm");
  await expect(save({ "norm.scale": tensor([1], [1]) })).rejects.toThrow("norm.scale must have shape [48], got [1]");
  await checkpoint.close();
});
