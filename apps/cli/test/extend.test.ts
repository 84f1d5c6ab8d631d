import { readFile, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { relpos, temporaryFolder } from "./captured.js";
import { makeCheckpoint } from "./checkpoint-folder.js";

const at = temporaryFolder();
let model = "";
beforeAll(async () => {
  model = await makeCheckpoint(at("llama"));
  await writeFile(at("text.txt"), "the cat sat. the dog sat. ".repeat(8));
});

describe("relpos extend", () => {
  const extend = (...args: readonly string[]) =>
    relpos("extend", "--model", model, "--text", at("text.txt"), "--backend", "reference", ...args);
  const some = ["--lengths", "32,64", "--tokens", "64", "--methods", "none,yarn:4,self-extend:group=2,window=8"];

  test("writes results and a report, and prints tables and what to do", async () => {
    const { code, out, error } = await extend(...some, "--out", at("out"));
    expect(error).toMatch(/✓ 6\/6 self-extend:group=2,window=8, length 64: perplexity \d+/);
    expect(out).toContain("perplexity (lower is better)");
    expect(out).toMatch(/Read 64 tokens with/);
    expect(code).toBe(0);
    const results = JSON.parse(await readFile(at("out", "results.json"), "utf8"));
    expect(results.settings.methods).toEqual(["none", "yarn:4", "self-extend:group=2,window=8"]);
    // The tokenizer of the fixture has no capital letters: passkeys cannot be asked for, and the reason is said.
    expect(results.methods[0].lengths[0].passkey.possible).toBe(false);
    expect(await readFile(at("out", "report.html"), "utf8")).toContain("Nats by position, windows of 64");

    const again = await extend(...some, "--out", at("out"), "--resume");
    expect(again.error).toContain("6/6 self-extend:group=2,window=8, length 64: perplexity");
    expect(again.error).toContain("found finished");
    expect((await extend(...some, "--out", at("out"))).error).toContain("go on with --resume, or choose another --out");
  });

  test("a method that the model cannot have is named with its reason", async () => {
    const short = ["--lengths", "32", "--tokens", "32", "--methods", "none,rerope:512", "--out", at("wide")];
    const { code, out } = await extend(...short);
    expect(out).toContain(
      "— rerope:512: not possible from length 32: window of rerope must be below the context of 256",
    );
    expect(code).toBe(0);
  });

  test.each([
    [["--methods", "yarm:4"], "a scaling must be one of default | linear:4"],
    [["--lengths", "4096", "--out", at("long")], "the text has 208 tokens, and the longest length is 4096"],
    [["--lengths", "32", "--methods", "none,mystery:2"], "a scaling must be one of"],
    [["--lengths", "x"], '--lengths takes whole numbers from 4 with commas between them, got "x"'],
    [["--depths", "2"], '--depths takes numbers from 0 to 1 with commas between them, got "2"'],
  ])("%j: %s", async (args, message) => {
    const { code, error } = await extend("--out", at(`refused-${message.length}`), ...args);
    expect(error).toContain(message);
    expect(code).toBe(2);
  });
});
