import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { beforeAll, expect, test } from "vitest";
import { relpos, temporaryFolder } from "./captured.js";
import { makeCheckpoint } from "./checkpoint-folder.js";

// Whatever is wrong with what a command is given: one line that says it, with a remedy; code 2, or 1 for what a file holds;
// nothing on stdout, and every file as it was.

const at = temporaryFolder();
const text = "the cat sat on the mat. a dog ran to the cat.\n".repeat(20);

beforeAll(async () => {
  await makeCheckpoint(at("model"));
  await mkdir(at("folder"));
  await writeFile(at("text.txt"), text);
  await writeFile(at("empty.txt"), "");
  await writeFile(at("packed.txt.gz"), "not gzip");
  await writeFile(at("nul.txt"), new Uint8Array(200));
  await writeFile(at("kept.vec"), "the 1 2 3\n");
  await symlink("circle", at("circle"));
  await symlink("nowhere", at("dangling"));
});

const on = ["--backend", "reference"];
const lora = (settings: string) => [
  "train",
  "lm",
  "--data",
  at("text.txt"),
  "--lora",
  settings,
  "--out",
  at("new"),
  ...on,
];
const model = (...args: readonly string[]) => [args[0]!, "--model", at("model"), ...args.slice(1), ...on];

const cases: readonly (readonly [string, () => readonly string[], code: number, message: string])[] = [
  ["a folder for a file", () => ["clean", at("folder")], 2, "it is a folder — name a file that is there"],
  ["a folder of vectors", () => ["vectors", "info", at("folder")], 2, "it is a folder — name a file that is there"],
  ["a folder to train vectors on", () => ["vectors", "train", at("folder")], 2, "it is a folder"],
  ["a folder for tensors", () => model("run", "--inputs", at("folder"), "--outputs", at("new")), 1, "must be a file"],
  ["a link that leads to itself", () => ["clean", at("circle")], 2, "its links lead in a circle"],
  ["a link that leads nowhere", () => ["vectors", "info", at("dangling")], 2, "there is no such file"],
  ["a file that is not gzip", () => ["clean", at("packed.txt.gz")], 1, "it is not gzip, or not whole"],
  ["vectors of zeros", () => ["vectors", "info", at("nul.txt")], 1, "must have finite numbers, got NaN"],
  ["no vectors", () => ["vectors", "info", at("empty.txt")], 1, "must hold at least one vector"],
  [
    "an output that is there already",
    () => ["vectors", "train", at("text.txt"), "--out", at("kept.vec"), ...on],
    2,
    "kept.vec is there already — choose another --out",
  ],
  [
    "an output below a file",
    () => ["vectors", "train", at("text.txt"), "--out", at("text.txt", "v.vec"), ...on],
    2,
    "is a file, or lies below one",
  ],
  [
    "outputs in place of the inputs",
    () => model("run", "--inputs", at("text.txt"), "--outputs", at("text.txt")),
    2,
    "--outputs is the file of --inputs — name another file",
  ],
  [
    "outputs below a file",
    () => model("run", "--inputs", at("model", "model.safetensors"), "--outputs", at("text.txt", "out")),
    2,
    "a part of the path is a file — choose another --outputs",
  ],
  [
    "an encoding of text that is unknown",
    () => ["train", "lm", "--data", at("text.txt"), "--text-encoding", "klingon"],
    2,
    '--text-encoding takes utf-8, windows-1252, gb18030, big5, utf-16le, shift_jis, euc-kr, got "klingon"',
  ],
  [
    "a share above its range",
    () => ["train", "lm", "--dropout", "1"],
    2,
    '--dropout takes a number from 0 to 0.99, got "1"',
  ],
  [
    "a share below its range",
    () => ["train", "lm", "--dropout=-0.1"],
    2,
    '--dropout takes a number from 0 to 0.99, got "-0.1"',
  ],
  ["a port that is none", () => ["serve", "--port", "70000"], 2, "--port takes a whole number from 0 to 65535"],
  [
    "modules that the model has not",
    () => [...lora("rank=2,targets=wobble"), "--from", at("model")],
    2,
    "got wobble — choose other targets, or all-linear",
  ],
  ["a model that is a text", () => ["info", "--model", at("text.txt")], 1, "must be a folder that can be read"],
  [
    "an address that does not answer",
    () => ["info", "--model", "http://127.0.0.1:1/x"],
    1,
    "config.json: cannot be fetched",
  ],
  [
    "windows beyond the context",
    () => model("perplexity", "--text", at("text.txt"), "--length", "999"),
    2,
    "context of 256",
  ],
  ["the same of quantize", () => model("quantize", "--text", at("text.txt"), "--length", "999"), 2, "context of 256"],
  [
    "a text that the tokenizer cannot read",
    () => model("quantize", "--text", at("text.txt")),
    1,
    "characters of the vocabulary",
  ],
  ["sizes that no array has", () => ["encodings", "--length", "9007199254740991"], 1, "choose smaller numbers"],
  ["no command of several", () => ["vectors", "wobble"], 2, "unknown command 'wobble'"],
  ["too many arguments", () => ["encodings", "rope", "alibi"], 2, "too many arguments for 'encodings'"],
];

test.each(cases)("%s", async (_, args, code, message) => {
  const run = await relpos(...args());
  expect(run.error).toContain(message);
  expect(run).toEqual({ code, out: "", error: expect.stringMatching(/^error: [^\n]+ — [^\n]+\n$/) });
  expect(run.error).not.toContain("RELPOS_DEBUG");
  expect(await readFile(at("text.txt"), "utf8")).toBe(text);
  expect(await readFile(at("kept.vec"), "utf8")).toBe("the 1 2 3\n");
  expect(await readdir(at("new")).catch(() => [])).toEqual([]);
});
