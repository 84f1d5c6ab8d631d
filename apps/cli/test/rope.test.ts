import { writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { relpos, temporaryFolder } from "./captured.js";
import { makeCheckpoint } from "./checkpoint-folder.js";

const at = temporaryFolder();
let model = "";
beforeAll(async () => {
  model = await makeCheckpoint(at("llama"));
  await writeFile(at("text.txt"), "the cat sat. the dog sat. ".repeat(16));
});

describe("--rope", () => {
  test.each([
    ["yarn:4", "context:    1024 tokens, with yarn:4\nencoding:   rope-yarn (base 500000"],
    [
      "self-extend:group=4,window=64",
      "context:    832 tokens, with self-extend:group=4,window=64\nencoding:   self-extend",
    ],
    ["dual-chunk", "context:    no limit, with dual-chunk:chunk=192,window=32\nencoding:   dual-chunk"],
    ["auto:1000", "context:    1000 tokens, with yarn:factor=3.91"],
  ])("info shows what is in effect with %s, and until which length", async (rope, shown) => {
    const { code, out } = await relpos("info", "--model", model, "--rope", rope);
    expect(out).toContain(shown);
    expect(code).toBe(0);
  });

  test("texts beyond the model's context can be read", async () => {
    const measure = (...args: readonly string[]) =>
      relpos(
        "perplexity",
        "--model",
        model,
        "--text",
        at("text.txt"),
        "--length",
        "300",
        "--backend",
        "reference",
        ...args,
      );
    expect((await measure()).error).toContain("--length 300 is beyond the model's context of 256");
    const { code, out } = await measure("--rope", "rerope:32");
    expect([code, out]).toEqual([0, expect.stringMatching(/^perplexity: +\d+\.\d{4}\n/)]);
  });

  test.each([
    ["yarm:4", 2, "--rope: a scaling must be one of default | linear:4 | dynamic:4 | yarn:4 |"],
    ["yarn", 2, "--rope: yarn must have its factor, for example yarn:4 — for example --rope yarn:4"],
    ["rerope:512", 1, "window of rerope must be below the context of 256, got 512 — choose a checkpoint"],
  ])("%s ends with code %i: %s", async (rope, code, message) => {
    const result = await relpos("info", "--model", model, "--rope", rope);
    expect(result.error).toContain(message);
    expect(result.code).toBe(code);
  });
});
