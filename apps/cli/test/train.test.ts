import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expectClose } from "@relpos/conformance";
import { exactTensor } from "@relpos/core";
import type { TrainResults } from "@relpos/lab/language";
import { beforeAll, describe, expect, test } from "vitest";
import { type Captured, relpos, temporaryFolder } from "./captured.js";
import { makeCheckpoint } from "./checkpoint-folder.js";

const at = temporaryFolder();
const sizes = "--backend reference --layers 1 --width 8 --heads 2 --length 16 --batch 4 --steps 4 --dropout 0".split(
  " ",
);

beforeAll(async () => {
  const colours = ["red", "blue"];
  const rows = Array.from({ length: 20 }, (_, row) => `${colours[row % 2]} thing ${row}\t${colours[row % 2]}`);
  await writeFile(at("train.txt"), `${rows.join("\n")}\n`);
  await writeFile(at("text.txt"), "the cat sat on the mat. a dog ran to the cat. ".repeat(20));
  await writeFile(at("from.txt"), "red cat\nblue dog\n".repeat(6));
  await writeFile(at("to.txt"), "cat red\ndog blue\n".repeat(6));
});

const train = (task: string, data: string, out: string, ...more: readonly string[]): Promise<Captured> =>
  relpos("train", task, ...sizes, "--data", data, "--out", out, ...more);

describe("a training", () => {
  let run: Captured;
  beforeAll(async () => {
    run = await train("classify", at("train.txt"), at("colours"), "--encoding", "t5");
  });

  test("ends with the measures, and a folder with the model and a report", async () => {
    expect(run).toMatchObject({ code: 0 });
    expect(run.out).toContain("classify with t5");
    expect(run.out).toMatch(/^accuracy +\d+\.\d %$/m);
    expect(run.error).toMatch(/parameters, .* tokens, 4 steps \(5 are an epoch\), about \d+ MiB of memory/);
    expect((await readdir(at("colours"))).sort()).toEqual([
      "config.json",
      "metrics.jsonl",
      "model.safetensors",
      "report.html",
      "results.json",
      "settings.json",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    const config = JSON.parse(await readFile(at("colours", "config.json"), "utf8")) as object;
    expect(config).toMatchObject({
      model_type: "relpos",
      position_encoding: { name: "t5" },
      id2label: { 0: "blue", 1: "red" },
    });
    expect((await readFile(at("colours", "metrics.jsonl"), "utf8")).split("\n")).toHaveLength(4 + 4 + 1);
  });

  test("is measured again to the same numbers", async () => {
    const results = JSON.parse(await readFile(at("colours", "results.json"), "utf8")) as TrainResults;
    await writeFile(at("last.txt"), (await readFile(at("train.txt"), "utf8")).split("\n").slice(18).join("\n"));
    const again = await relpos(
      "evaluate",
      "classify",
      "--backend",
      "reference",
      "--model",
      at("colours"),
      "--data",
      at("last.txt"),
      "--json",
    );
    expect(again).toMatchObject({ code: 0 });
    expect(JSON.parse(again.out)).toMatchObject({ measures: results.result.measures });
  });

  test("is refused a second time without --resume, and found finished with it", async () => {
    const again = await train("classify", at("train.txt"), at("colours"), "--encoding", "t5");
    expect(again.code).toBe(2);
    expect(again.error).toContain("is not empty — go on with --resume, or choose another --out");
    const resumed = await train("classify", at("train.txt"), at("colours"), "--encoding", "t5", "--resume");
    expect(resumed).toMatchObject({ code: 0 });
    const other = await train("classify", at("train.txt"), at("colours"), "--encoding", "rope", "--resume");
    expect(other.error).toContain("cannot resume with other settings: encoding was");
  });

  test("begins with a model that was trained before", async () => {
    const tuned = await train("classify", at("train.txt"), at("tuned"), "--from", at("colours"));
    expect(tuned).toMatchObject({ code: 0 });
    expect(tuned.out).toContain("classify with t5");
  });

  test("of a text, and of translations", async () => {
    expect(await train("lm", at("text.txt"), at("book"), "--json")).toMatchObject({ code: 0 });
    const streamed = await train("lm", at("text.txt"), at("stream"), "--stream");
    expect(streamed).toMatchObject({ code: 0 });
    const lines = (await readFile(at("stream", "metrics.jsonl"), "utf8")).split("\n");
    expect(JSON.parse(lines[0]!)).toMatchObject({ step: 1, residentBytes: expect.any(Number) });
    const pair = `${at("from.txt")},${at("to.txt")}`;
    const translated = await train("translate", pair, at("pairs"), "--tokenizer", "words", "--beams", "2");
    expect(translated).toMatchObject({ code: 0 });
    expect(translated.out).toMatch(/^bleu/m);
  });
});

describe("a checkpoint", () => {
  const shape = "--backend reference --length 12 --batch 4 --steps 3".split(" ");
  let base: string;
  beforeAll(async () => {
    base = await makeCheckpoint(at("llama"));
    await writeFile(at("cats.txt"), "the cat sat. ".repeat(40));
  });
  const tune = (task: string, data: string, out: string, ...more: readonly string[]): Promise<Captured> =>
    relpos("train", task, ...shape, "--data", data, "--from", base, "--out", at(out), ...more);

  test("is gone on with, and saved as what it was", async () => {
    expect(await tune("lm", at("cats.txt"), "cats")).toMatchObject({ code: 0 });
    const config = JSON.parse(await readFile(at("cats", "config.json"), "utf8")) as object;
    expect(config).toMatchObject({ model_type: "llama", architectures: ["LlamaForCausalLM"], relpos_task: "lm" });
    const made = await relpos(
      "generate",
      "--backend",
      "reference",
      "--model",
      at("cats"),
      "the",
      "--max-new-tokens",
      "2",
    );
    expect(made).toMatchObject({ code: 0 });
    const again = await relpos(
      "evaluate",
      "lm",
      "--backend",
      "reference",
      "--model",
      at("cats"),
      "--data",
      at("cats.txt"),
    );
    expect(again).toMatchObject({ code: 0 });
  });

  test("is left as it is by --lora, whose adapter stands alone, beside its base, and is refused elsewhere", async () => {
    const weights = await readFile(join(base, "model.safetensors"));
    const lora = ["--lora", "rank=2,targets=q_proj+v_proj,dropout=0.1"];
    const trained = await tune("lm", at("cats.txt"), "cats-lora", ...lora, "--learning-rate", "0.01");
    expect(trained).toMatchObject({ code: 0 });
    expect(await readFile(join(base, "model.safetensors"))).toEqual(weights);
    const files = await readdir(at("cats-lora"));
    expect(files).toContain("adapter_model.safetensors");
    expect(files).not.toContain("model.safetensors");
    const write = (...more: readonly string[]) =>
      relpos("generate", "--backend", "reference", "the cat", "--max-new-tokens", "4", "--json", ...more);
    const alone = await write("--model", at("cats-lora"));
    const beside = await write("--model", base, "--adapter", at("cats-lora"));
    const tokens = ({ out }: Captured) => (JSON.parse(out) as { tokens: number[] }[])[0]?.tokens;
    expect(tokens(alone)).toEqual(tokens(beside));
    expect((await write("--model", base, "--adapter", at("colours"))).error).toContain("adapter_config.json");
    expect((await tune("lm", at("cats.txt"), "x", "--lora", "rank=2,targets=c_attn")).error).toContain(
      "targets must be linear layers of the model, such as q_proj",
    );
    expect((await tune("lm", at("cats.txt"), "x", "--lora", "rank=2")).error).toContain("--lora: targets are missing");
    expect((await tune("lm", at("cats.txt"), "x2", "--layers", "7")).error).toContain(
      "layers is that of the checkpoint",
    );
    const none = await relpos("train", "lm", ...shape, "--data", at("cats.txt"), "--out", at("x3"), ...lora);
    expect(none.error).toContain("lora changes the weights of a checkpoint, and none is given");
  });

  test("gets a head for another task, in full and with --lora", async () => {
    const rows = ["the cat\tsad", "the dog\todd", "cat the\tsad", "dog the\todd"];
    await writeFile(at("moods.txt"), `${Array.from({ length: 5 }, () => rows.join("\n")).join("\n")}\n`);
    for (const [out, ...lora] of [["moods"], ["moods-lora", "--lora", "targets=all-linear"]] as const) {
      const trained = await tune("classify", at("moods.txt"), out, ...lora);
      expect(trained).toMatchObject({ code: 0 });
      const found = await relpos("classify", "--backend", "reference", "--model", at(out), "the dog");
      expect(found.out).toMatch(/^(sad|odd) +\d+\.\d %\n$/);
    }
    const config = JSON.parse(await readFile(at("moods", "config.json"), "utf8")) as object;
    expect(config).toMatchObject({
      architectures: ["LlamaForSequenceClassification"],
      id2label: { 0: "odd", 1: "sad" },
    });
  });
});

test("a trained model is used on texts as they are given", async () => {
  const use = (command: string, model: string, ...args: readonly string[]) =>
    relpos(command, "--backend", "reference", "--model", at(model), ...args);
  expect((await use("classify", "colours", "red thing", "blue thing")).out).toMatch(
    /^(red|blue) +\d+\.\d %\n(red|blue) +\d+\.\d %\n$/,
  );
  const scores = JSON.parse((await use("classify", "colours", "red thing", "--json")).out) as {
    score: number;
  }[][];
  const total = scores[0]!.reduce((sum, { score }) => sum + score, 0);
  expectClose(exactTensor([total], []), exactTensor([1], []), "golden");
  expect((await use("generate", "book", "the cat", "--max-new-tokens", "5")).out).toMatch(/^the cat/);
  expect((await use("translate", "pairs", "red cat")).code).toBe(0);
  expect((await use("translate", "colours", "red cat")).error).toContain(
    "model_type relpos has no head for seq2seq-lm",
  );
  expect((await use("answer", "colours", "what?")).error).toContain("--context is missing");
  expect((await use("classify", "nowhere", "x")).error).toContain("nowhere");
});

describe("errors say what is wrong, and what to do", () => {
  test.each([
    ["no data", ["classify"], "--data is missing — name a file to learn from"],
    [
      "no file",
      ["classify", "--data", "nowhere.txt"],
      "cannot read --data nowhere.txt: there is no such file — name a file with data",
    ],
    ["no task", ["speak"], "Allowed choices are lm, classify, qa, translate, dialogue, mlm"],
    [
      "one file of two",
      ["translate", "--data", "a.txt"],
      '--data takes two files with a comma between them, got "a.txt"',
    ],
    [
      "no tokenizer",
      ["lm", "--data", "x", "--tokenizer", "letters"],
      "--tokenizer letters: there is no such tokenizer, and no folder",
    ],
  ])("%s", async (_, args, message) => {
    const { code, error } = await relpos("train", ...args, "--backend", "reference", "--out", at("nothing"));
    expect(code).toBe(2);
    expect(error).toContain(message);
    expect(error.trim().split("\n")).toHaveLength(1);
  });

  test("an empty file, bytes that are no text, a line without a label", async () => {
    await writeFile(at("empty.txt"), "");
    expect((await train("classify", at("empty.txt"), at("e"))).error).toContain(
      "empty.txt must hold at least one record, got an empty file — choose a file with data",
    );
    await writeFile(at("bytes.txt"), Buffer.from([...Buffer.from("good\tred\nb"), 0xff, ...Buffer.from("d\tblue\n")]));
    expect((await train("classify", at("bytes.txt"), at("e"))).error).toContain("bytes.txt:2: must be text in utf-8");
    await writeFile(at("labels.txt"), `${await readFile(at("train.txt"), "utf8")}no label\n`);
    const stopped = await train("classify", at("labels.txt"), at("e"));
    expect(stopped.error).toContain("labels.txt:21: a line must hold a label");
    const skipped = await train("classify", at("labels.txt"), at("skipped"), "--on-error", "skip");
    expect(skipped).toMatchObject({ code: 0 });
    expect(skipped.error).toContain("left out 1 wrong record; the first: labels.txt:21: a line must hold a label");
  });

  test("a column that is not there, one class, a label that training lacks, vectors of several widths", async () => {
    await writeFile(at("table.csv"), "text,label\nred cat,red\nblue dog,blue\n");
    const column = await train("classify", at("table.csv"), at("e"), "--label-column", "colour");
    expect(column.error).toContain('table.csv must have a column "colour", got text, label');
    await writeFile(at("one.txt"), "red cat\tred\nred dog\tred\n");
    expect((await train("classify", at("one.txt"), at("one"))).error).toContain(
      'training needs at least two classes, got only "red"',
    );
    await writeFile(at("unseen.txt"), "red cat\tred\npink dog\tpink\n");
    const unseen = ["--validation", at("unseen.txt")];
    expect((await train("classify", at("train.txt"), at("unseen"), ...unseen)).error).toContain(
      'the label "pink" is not one that was trained: blue, red (unseen.txt, line 2)',
    );
    const skipped = await train("classify", at("train.txt"), at("unseen2"), ...unseen, "--on-error", "skip");
    expect(skipped).toMatchObject({ code: 0 });
    expect(skipped.error).toContain('left out 1 wrong record; the first: unseen.txt:2: the label "pink"');
    await writeFile(at("vectors.txt"), `red ${"1 ".repeat(8)}\nblue 1 2 3\n`);
    const vectors = ["--vectors", at("vectors.txt"), "--freeze-embeddings"];
    expect((await train("classify", at("train.txt"), at("mixed"), ...vectors)).error).toContain(
      "--vectors: vectors.txt:2: a vector must have 8 numbers, got 3",
    );
    const kept = await train("classify", at("train.txt"), at("mixed2"), ...vectors, "--on-error", "skip");
    expect(kept).toMatchObject({ code: 0 });
    expect(kept.error).toContain(
      "left out 1 wrong record; the first: vectors.txt:2: a vector must have 8 numbers, got 3",
    );
    expect(kept.error).toMatch(/1 of \d+ words have a vector/);
  });

  test("weights that grow beyond all bounds, with the step and the tensors", async () => {
    const { code, error } = await train(
      "lm",
      at("text.txt"),
      at("diverged"),
      "--learning-rate",
      "1e300",
      "--warmup-steps",
      "0",
    );
    expect(code).toBe(1);
    expect(error).toMatch(/at step \d+ \(not finite: .+\) — try a lower --learning-rate in another --out\n$/);
  });

  test("a model of another task", async () => {
    await train("lm", at("text.txt"), at("lm-model"));
    const { error } = await relpos(
      "evaluate",
      "qa",
      "--backend",
      "reference",
      "--model",
      at("lm-model"),
      "--data",
      at("text.txt"),
    );
    expect(error).toContain("is a model of lm — use relpos evaluate lm");
  });
});
