import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { relpos, temporaryFolder } from "./captured.js";
import { makeCheckpoint } from "./checkpoint-folder.js";

const at = temporaryFolder();
const before = process.env.XDG_CACHE_HOME;
let model = "";
beforeAll(async () => {
  process.env.XDG_CACHE_HOME = at("cache");
  model = await makeCheckpoint(at("llama"));
  await writeFile(at("text.txt"), "the cat sat. the dog sat. ".repeat(4));
});
afterAll(() => {
  if (before === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before;
});

describe("relpos quantize", () => {
  test("says what weights in fewer bits take, and keeps them", async () => {
    const { code, out } = await relpos("quantize", "--model", model, "--dtype", "q8,q4", "--json");
    expect(code).toBe(0);
    const { rows } = JSON.parse(out) as { rows: { dtype: string; bytes: number }[] };
    expect(rows.map(({ dtype }) => dtype)).toEqual(["fp32", "q8", "q4"]);
    const [whole, eight, four] = rows.map(({ bytes }) => bytes) as [number, number, number];
    // Of 32 numbers a block and its scale take 36 or 20 bytes instead of 128; the fixture's matrices of 48 columns stay whole.
    expect((whole - eight) / (whole - four)).toBeCloseTo((128 - 36) / (128 - 20), 12);
    expect(readdirSync(at("cache/relpos"))).toHaveLength(2);
  });

  test("measures them at both accuracy levels against the whole ones on a text", async () => {
    const { code, out } = await relpos(
      "quantize",
      "--model",
      model,
      "--text",
      at("text.txt"),
      "--length",
      "32",
      "--json",
    );
    expect(code).toBe(0);
    type Row = { dtype: string; accuracyLevel?: number; quality?: { divergence: number; tokens: number } };
    const { rows, recommended } = JSON.parse(out) as { rows: Row[]; recommended: Record<string, number> };
    expect(rows.map(({ dtype, accuracyLevel }) => `${dtype} ${accuracyLevel}`)).toEqual([
      "fp32 undefined",
      ...["q8 0", "q8 4", "q4 0", "q4 4"],
    ]);
    for (const { quality } of rows.slice(1)) expect(quality?.divergence).toBeGreaterThan(0);
    expect(rows[1]?.quality?.divergence).toBeLessThan(rows[3]?.quality?.divergence as number);
    expect(Object.keys(recommended)).toEqual(["q8", "q4"]);
  });

  test("prints a table", async () => {
    const { out } = await relpos("quantize", "--model", model, "--text", at("text.txt"), "--dtype", "q4");
    expect(out).toMatch(/^dtype +level +MB +perplexity +fp32's +KL \(nats\) +same token\nfp32 +\d/);
    expect(out).toMatch(/recommended accuracy level of q4: [04]\n$/);
  });

  test("another type is refused", async () => {
    const { code, error } = await relpos("quantize", "--model", model, "--dtype", "q5");
    expect([code, error]).toEqual([2, expect.stringContaining('--dtype takes fp32, fp16, q8, q4, got "q5"')]);
  });
});

describe("--dtype", () => {
  test("opens a checkpoint in fewer bits", async () => {
    const { code, out } = await relpos("perplexity", "--model", model, "--text", at("text.txt"), "--dtype", "q8");
    expect([code, out]).toEqual([0, expect.stringMatching(/^perplexity: +\d+\.\d{4}\n/)]);
    const { code: refused, error } = await relpos("generate", "--model", model, "--dtype", "int8", "--prompt", "the");
    expect([refused, error]).toEqual([
      2,
      expect.stringContaining("--dtype must be one of fp32, fp16, q8, q4, got int8"),
    ]);
  });
});
