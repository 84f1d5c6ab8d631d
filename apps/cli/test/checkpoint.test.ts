import { writeFile } from "node:fs/promises";
import { openSafetensors, saveSafetensors } from "@relpos/checkpoints/safetensors";
import { expectClose } from "@relpos/conformance";
import { exactTensor } from "@relpos/core";
import { beforeAll, describe, expect, test } from "vitest";
import { relpos, temporaryFolder } from "./captured.js";
import { fixtures, makeCheckpoint } from "./checkpoint-folder.js";

const at = temporaryFolder();
let model = "";

beforeAll(async () => {
  model = await makeCheckpoint(at("llama"));
  await writeFile(at("text.txt"), "the cat sat. the dog sat. ".repeat(8));
});

const onReference = ["--backend", "reference"] as const;

describe("relpos generate", () => {
  const generate = (...args: readonly string[]) => relpos("generate", "--model", model, ...onReference, ...args);

  test("writes prompt and text to stdout, times to stderr", async () => {
    const { code, out, error } = await generate("--prompt", "the cat", "--max-new-tokens", "6");
    expect(code).toBe(0);
    expect(out).toMatch(/^the cat[\s\S]{6}\n$/);
    expect(error).toMatch(/^prompt of 7 tokens, 6 new: the first after \d+\.\d\d s, \d+\.\d tokens\/s after it\n$/);
    expect((await generate("the cat", "--max-new-tokens", "6")).out).toBe(out);
  });

  test("--json prints texts, tokens and times of every prompt", async () => {
    const sampling = "--temperature 0.9 --top-k 30 --top-p 0.95 --min-p 0.01 --repetition-penalty 1.1 --seed 3".split(
      " ",
    );
    const run = () => generate("-p", "the", "-p", "cat", "--max-new-tokens", "5", "--json", ...sampling);
    const results = JSON.parse((await run()).out) as { prompt: string; tokens: number[]; text: string }[];
    expect(results.map(({ prompt, tokens }) => [prompt, tokens.length])).toEqual([
      ["the", 5],
      ["cat", 5],
    ]);
    const again = JSON.parse((await run()).out) as typeof results;
    expect(again.map(({ text }) => text)).toEqual(results.map(({ text }) => text));
  });

  test("--stop ends before a text", async () => {
    const { out } = await generate("--prompt", "the cat", "--max-new-tokens", "6");
    const text = [...out.slice("the cat".length, -1)];
    const stop = text[3]!;
    const expected = text.slice(0, text.indexOf(stop)).join("");
    expect((await generate("--prompt", "the cat", "--max-new-tokens", "6", "--stop", stop)).out).toBe(
      `the cat${expected}\n`,
    );
  });

  test.each([
    [["--prompt", ""], 1, "the prompt must have a token, got none — try another prompt"],
    [["--prompt", "QQ"], 1, "text must use the characters of the vocabulary"],
    [["--prompt", "the", "--top-p", "2"], 2, '--top-p takes a number above 0 and at most 1, got "2"'],
    [["--prompt", "the", "--temperature", "-1"], 2, '--temperature takes a number from 0, got "-1"'],
    [[], 2, "--prompt is missing"],
    [["--prompt", "the", "--tokenizer", "nowhere.json"], 2, "cannot read the tokenizer nowhere.json"],
  ])("%j ends with code %i: %s", async (args, code, message) => {
    const result = await generate(...args);
    expect(result.code).toBe(code);
    expect(result.error).toContain(message);
  });

  test("no folder, no weights, no decoder", async () => {
    const { error } = await relpos("generate", "--model", at("nowhere"), "--prompt", "x", ...onReference);
    expect(error).toContain("must be a folder that can be read");
    const wide = await makeCheckpoint(at("wide"), { "tokenizer_config.json": [] });
    const { code, error: wrong } = await relpos("generate", "--model", wide, "--prompt", "x", ...onReference);
    expect([code, wrong]).toEqual([1, expect.stringContaining("tokenizer_config.json must be a JSON object, got []")]);
  });
});

describe("relpos perplexity", () => {
  const measure = (...args: readonly string[]) => relpos("perplexity", "--model", model, ...onReference, ...args);

  test("of a text in windows", async () => {
    const { code, out } = await measure("--text", at("text.txt"), "--length", "64", "--json");
    expect(code).toBe(0);
    const { perplexity, tokens, windows, bytes, bitsPerByte, negativeLogLikelihood } = JSON.parse(out);
    expect([tokens, windows, bytes]).toEqual([207, 6, 208]);
    expectClose(exactTensor([perplexity], []), exactTensor([Math.exp(negativeLogLikelihood / tokens)], []), "golden");
    expectClose(exactTensor([bitsPerByte], []), exactTensor([negativeLogLikelihood / Math.LN2 / bytes], []), "golden");
    expect((await measure("--text", at("text.txt"), "--length", "64")).out).toMatch(
      /^perplexity: {4}\d+\.\d{4}\nbits per byte: \d+\.\d{4}\ntokens: {8}207 in 6 windows\n$/,
    );
  });

  test.each([
    [[], "--text is missing — name a text file"],
    [["--text", "nowhere.txt"], "cannot read --text nowhere.txt: there is no such file"],
    [["--length", "300"], "--length 300 is beyond the model's context of 256 — choose a lower one"],
    [["--length", "8", "--stride", "9"], "stride must be whole, positive and below the length of 8, got 9"],
  ])("%j: %s", async (args, message) => {
    const text = args.length === 2 || args.length === 4 ? ["--text", at("text.txt")] : [];
    expect((await measure(...text, ...args)).error).toContain(message);
  });
});

describe("relpos info", () => {
  test("shows what a checkpoint is", async () => {
    const { code, out } = await relpos("info", "--model", model);
    expect(code).toBe(0);
    // 256 × 48 embeddings; 2 layers of 48·48 + 2·24·48 + 48·48 + 3·64·48 + 2·48; a norm of 48: 44,784.
    expect(out).toContain("family:     llama\ntask:       causal-lm\nparameters: 44,784\nstored:     0.09 MiB, BF16\n");
    expect(out).toContain(
      "layers:     2, 2 key and value heads of 12\ncontext:    256 tokens\nencoding:   rope (base 500000",
    );
    // 2 · 2 layers · 2 heads · 12 · 256 tokens · 4 bytes = 98,304.
    expect(out).toContain("cache:      0.09 MiB at 256 tokens\n");
  });

  test("--json prints it as JSON", async () => {
    const info = JSON.parse((await relpos("info", "--model", model, "--json")).out);
    expect(info).toMatchObject({ parameters: 44_784, contextLength: 256, stored: { dtypes: ["BF16"] } });
    expect(info.encodings).toMatchObject([{ kind: "rope", settings: { base: 500_000 }, layers: [0, 1] }]);
    // Vectors, 5 norms of 48, stay in 32 bits.
    const [matrices, vectors] = [44_784 - 240, 240];
    expect(info.memory).toEqual({
      weights: {
        fp32: 4 * 44_784,
        fp16: 2 * matrices + 4 * vectors,
        q8: (9 / 8) * matrices + 4 * vectors,
        q4: (5 / 8) * matrices + 4 * vectors,
      },
      cache: [{ tokens: 256, bytes: 98_304 }],
    });
  });

  test("without a model", async () => {
    const { code, error } = await relpos("info");
    expect([code, error]).toEqual([2, "error: --model is missing — name a folder, or a model of the hub\n"]);
  });
});

describe("relpos run", () => {
  const run = (...args: readonly string[]) => relpos("run", "--model", model, ...args);

  test.each(["reference", "ort-node"])("computes on %s what transformers computed", async (backend) => {
    const expected = at("llama", "expected.safetensors");
    const files = ["--inputs", expected, "--expected", expected, "--outputs", at(`${backend}.safetensors`)];
    const { code, out, error } = await run(...files, "--backend", backend);
    expect(out).toMatch(/^logits {2}\[1, 36, 256\]\nlogits {2}relative error \d\.\d\de-\d\n$/);
    expect(code).toBe(0);
    expect(error).toContain("left out of --inputs");
    const file = await openSafetensors(at(`${backend}.safetensors`));
    expect(file.tensors.get("logits")).toMatchObject({ shape: [1, 36, 256], dtype: "F32" });
    await file.close();
  });

  test("compares what stands at tokens, not at padding", async () => {
    const [esm, expected] = ["esm", "esm/expected.safetensors"].map((path) => new URL(path, fixtures).pathname);
    const args = ["--model", esm!, "--inputs", expected!, "--expected", expected!, ...onReference];
    expect(await relpos("run", ...args)).toMatchObject({ code: 0 });
  });

  test("gives hidden states with --task features, and code 1 where outputs differ", async () => {
    const input = { shape: [1, 2], dtype: "int32", data: Int32Array.of(1, 2) } as const;
    await saveSafetensors(at("in.safetensors"), { input_ids: input });
    const features = ["--inputs", at("in.safetensors"), "--task", "features", ...onReference];
    expect((await run(...features, "--outputs", at("hidden.safetensors"))).out).toBe("last_hidden_state  [1, 2, 48]\n");
    const zeros = { shape: [1, 2, 48], dtype: "float32", data: new Float32Array(96).fill(0.5) } as const;
    await saveSafetensors(at("zeros.safetensors"), { last_hidden_state: zeros });
    const { code, out } = await run(...features, "--expected", at("zeros.safetensors"));
    expect(code).toBe(1);
    expect(out).toMatch(/last_hidden_state {2}relative error \d.*, above 0\.0001\n$/);
  });

  test("names what is missing", async () => {
    expect((await run()).error).toContain("--inputs is missing — name a file of safetensors");
    expect((await run("--inputs", "x")).error).toContain("--outputs is missing");
    const missing = await run("--inputs", at("nowhere"), "--outputs", at("o"), ...onReference);
    expect(missing.error).toContain("name a file of safetensors with --inputs");
    const hidden = await run("--inputs", at("hidden.safetensors"), "--outputs", at("o"), ...onReference);
    expect(hidden.error).toContain("has no input of the model — its inputs are input_ids, attention_mask");
  });
});
