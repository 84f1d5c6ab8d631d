import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { CompareResults } from "@relpos/lab";
import { beforeAll, describe, expect, test } from "vitest";
import { type Captured, relpos, temporaryFolder } from "./captured.js";

const at = temporaryFolder();
const text = "the cat sat on the mat. a dog ran to the cat. ".repeat(60);

beforeAll(() => writeFile(at("cats.txt"), text));

/** A comparison of a second. */
function tiny(out: string, ...more: readonly string[]): Promise<Captured> {
  return relpos("compare", ...tinyFlags, "--text", at("cats.txt"), "--out", out, ...more);
}

const tinyFlags = (
  "--backend reference --encodings learned,alibi --train-length 8 --test-lengths 8,16 --layers 1 --width 8 --heads 2 " +
  "--steps 3 --batch 2 --evaluation-tokens 32"
).split(" ");

describe("a comparison", () => {
  let run: Captured;
  beforeAll(async () => {
    run = await tiny(at("first"), "--seeds", "0,1");
  });

  test("ends with the table and where the report is", () => {
    expect(run).toMatchObject({ code: 0 });
    expect(run.out).toMatch(/perplexity, sliding windows \(median of 2 seeds/);
    expect(run.out).toMatch(/^learned .* —$/m);
    expect(run.out).toContain("learned: not possible from length 16: its table has 8 positions");
    expect(run.out).toContain(`report:  ${at("first", "report.html")}\ncurves:  ${at("first", "curves")}\n`);
    expect(run.error.match(/✓/g)).toHaveLength(4);
  });

  test("writes results with every setting, version and timing, and each run", async () => {
    const results = JSON.parse(await readFile(at("first", "results.json"), "utf8")) as CompareResults;
    expect(results.settings).toMatchObject({
      encodings: ["learned", "alibi"],
      seeds: [0, 1],
      data: { kind: "text", name: "cats.txt", characters: text.length },
      backend: { device: "cpu", threads: "automatic" },
    });
    expect(results.environment.machine).toMatchObject({ node: process.versions.node });
    expect(results.environment.versions).toHaveProperty("relpos");
    expect(results.environment.backend).toEqual({});
    expect(results.environment.command).toContain("relpos compare --backend reference");
    expect(await readdir(at("first", "runs"))).toEqual([
      "alibi-seed0.json",
      "alibi-seed1.json",
      "learned-seed0.json",
      "learned-seed1.json",
    ]);
    expect(await readFile(at("first", "report.html"), "utf8")).toContain("<!doctype html>");
    const curves = await readdir(at("first", "curves"));
    expect(curves).toContain("perplexity-sliding-windows.svg");
    for (const name of curves) expect(await readFile(at("first", "curves", name), "utf8")).toMatch(/^<svg /);
  });

  test("is refused a second time without --resume, and found finished with it", async () => {
    const before = readFileSync(at("first", "results.json"), "utf8");
    const again = await tiny(at("first"), "--seeds", "0,1");
    expect(again).toMatchObject({ code: 2, out: "" });
    expect(again.error).toBe(
      `error: --out ${at("first")} is not empty — go on with --resume, or choose another --out\n`,
    );
    expect(readFileSync(at("first", "results.json"), "utf8")).toBe(before);

    const resumed = await tiny(at("first"), "--seeds", "0,1", "--resume");
    expect(resumed.code).toBe(0);
    expect(resumed.error.match(/found finished/g)).toHaveLength(4);

    const other = await tiny(at("first"), "--seeds", "0,1,2", "--resume");
    expect(other).toMatchObject({ code: 2 });
    expect(other.error).toMatch(
      /^error: cannot resume with other settings: seeds was \[0,1\] and is now \[0,1,2\] — .+\n$/,
    );
  });

  test("repeats a run that is missing, with the same numbers", async () => {
    const before = JSON.parse(readFileSync(at("first", "runs", "alibi-seed1.json"), "utf8"));
    await rm(at("first", "runs", "alibi-seed1.json"));
    await tiny(at("first"), "--seeds", "0,1", "--resume");
    const after = JSON.parse(readFileSync(at("first", "runs", "alibi-seed1.json"), "utf8"));
    expect({ ...after, timings: 0 }).toEqual({ ...before, timings: 0 });
  });

  test("prints results as JSON", async () => {
    const { code, out } = await tiny(at("json"), "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(JSON.parse(readFileSync(at("json", "results.json"), "utf8")));
  });
});

test("takes aliases, and prints no setting without a value", async () => {
  const { code, out } = await tiny(at("aliases"), "--encodings", "rotary,linear-bias");
  expect(code).toBe(0);
  expect(out).toMatch(/^rope .*\nalibi /m);
  const page = await readFile(at("aliases", "report.html"), "utf8");
  expect(page).toContain("base 10000");
  expect(page + out).not.toContain("undefined");
});

test("a loss that is no number ends that run, not the others, with code 1", async () => {
  const { code, out, error } = await tiny(at("nan"), "--learning-rate", "1e30", "--steps", "12");
  expect(code).toBe(1);
  expect(error).toMatch(/✗ 1\/2 learned, seed 0: failed at step \d+: its loss is no longer a number/);
  expect(error).toMatch(/^error: some runs failed, see above — try a lower --learning-rate/m);
  expect(out).toMatch(/! alibi, seed 0: failed at step \d+/);
  expect(existsSync(at("nan", "report.html"))).toBe(true);
});

describe("bad input is one line with the remedy and code 2, and writes nothing", () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      "an unknown encoding",
      ["--encodings", "ropee,alibi"],
      /unknown encoding "ropee" — did you mean "rope"\? known: none, /,
    ],
    [
      "heads that do not divide the width",
      ["--width", "10", "--heads", "4"],
      /heads must divide width.* — try width 12/,
    ],
    ["an odd number", ["--steps", "many"], /--steps takes a whole number from 1, got "many" — for example/],
    ["no number at all", ["--seeds", ","], /--seeds takes whole numbers/],
    ["a number below zero", ["--learning-rate=-1"], /--learning-rate takes a number above 0, got "-1"/],
    ["a seed twice", ["--seeds", "1,1"], /seeds has 1 twice/],
    ["an unknown option", ["--step", "3"], /unknown option '--step' — did you mean --steps\?/],
    ["a text that is not there", ["--text", "nowhere.txt"], /cannot read --text nowhere.txt: there is no such file/],
    ["text and task", ["--text", "a.txt", "--task", "copy"], /exclude each other/],
    ["a seed that is no exact number", ["--seeds", "99999999999999999999"], /--seeds takes whole numbers/],
    [
      "a model that nothing can hold",
      ["--width", "1000000"],
      /at most 2,147,483,648 weights, got about 24,000,000,000,000/,
    ],
    [
      "widths and heads without end",
      ["--width", "9007199254740991", "--heads", "9007199254740991"],
      /at most .* weights/,
    ],
    ["more layers than there can be", ["--layers", "1000000"], /layers are at most 1024, got 1000000/],
    ["a batch that nothing can hold", ["--batch", "9007199254740991"], /batch × length × width is at most/],
    [
      "sequences without end",
      ["--task", "copy", "--test-lengths", "64,9007199254740991"],
      /at most 268,435,456 tokens/,
    ],
    ["more threads than there are", ["--threads", "9007199254740991"], /--threads takes a whole number from 1 to 1024/],
    ["more warm-up than steps", ["--steps", "3", "--warmup-steps", "5"], /warmupSteps .* got 5/],
  ];
  test.each(cases)("%s", async (_, flags, message) => {
    const { code, out, error } = await relpos("compare", "--out", at("bad"), ...flags);
    expect(error).toMatch(message);
    expect(error).toMatch(/^error: [^\n]+ — [^\n]+\n$/);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(existsSync(at("bad"))).toBe(false);
  });

  test("a text shorter than a window, an empty one, one that is not UTF-8, a folder", async () => {
    await writeFile(at("short.txt"), "too short");
    await writeFile(at("empty.txt"), "");
    await writeFile(at("binary"), Uint8Array.of(0xff, 0xfe, 0x00));
    const given = [
      ["short.txt", /text is too short for windows of 256/],
      ["empty.txt", /is empty/],
      ["binary", /is not text in UTF-8/],
      [".", /it is a folder/],
    ] as const;
    for (const [name, message] of given) {
      const { code, error } = await relpos("compare", "--text", at(name), "--out", at("bad"));
      expect(error).toMatch(message);
      expect(error).toMatch(/^error: [^\n]+ — [^\n]+\n$/);
      expect(code).toBe(2);
    }
    expect(existsSync(at("bad"))).toBe(false);
  });

  test("an --out that is a file, lies below one, or holds other things", async () => {
    await mkdir(at("full"), { recursive: true });
    await writeFile(at("full", "mine.txt"), "keep");
    const forbidden = existsSync("/proc/self")
      ? ([["/proc/relpos", [], /cannot write \/proc\/relpos: /]] as const)
      : [];
    const given = [
      ...forbidden,
      [at("cats.txt"), [], /is a file, or lies below one/],
      [at("cats.txt", "below"), [], /is a file, or lies below one/],
      [at("full"), [], /is not empty — choose another --out/],
      [at("full"), ["--resume"], /holds no comparison to resume/],
    ] as const;
    for (const [out, flags, message] of given) {
      const { code, error } = await tiny(out, ...flags);
      expect(error).toMatch(message);
      expect(code).toBe(2);
    }
    expect(await readdir(at("full"))).toEqual(["mine.txt"]);
    expect(readFileSync(at("cats.txt"), "utf8")).toBe(text);
  });
});
