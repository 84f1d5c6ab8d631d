import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { createReferenceBackend } from "@relpos/backend-reference";
import {
  type Adapter,
  adaptedModel,
  adapterOf,
  applyAdapter,
  bytesSource,
  type Checkpoint,
  type Folder,
  loadModel,
  mergeAdapter,
  openCheckpoint,
  openSafetensors,
  withHead,
} from "@relpos/checkpoints";
import { expectClose } from "@relpos/conformance";
import { exactTensor, foldIn, type HostTensor, randomKey, randomNormal, tensor, toNumbers } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { mapNamed } from "@relpos/core/nn";
import { charactersTokenizer, type SpecialTokens, vocabularyOf } from "@relpos/text";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTextGenerator, perplexity, pipeline, Session, softmaxOf } from "../src/index.js";

// Pipelines against what transformers computed for the same tokens: in these texts token t is the character U+0100 + t.

const fixtures = join(import.meta.dirname, "../../checkpoints/test/fixtures");
const shared = process.env.RELPOS_CHECKPOINTS ?? join(import.meta.dirname, "../../../../shared/checkpoints");
/** Without the folder only the committed fixtures are run; the others are shown as skipped. */
const hasShared = existsSync(shared);
const backend = createReferenceBackend();
afterAll(() => backend.close());

const character = (token: number): string => String.fromCharCode(0x100 + token);
const textOf = (tokens: ArrayLike<number>): string => Array.from(tokens, character).join("");

interface Case {
  readonly files: Folder;
  readonly expected: Readonly<Record<string, HostTensor>>;
}

/** A case's files with a tokenizer whose special tokens are given, and what is expected of it. */
async function caseOf(folder: string, size: number, special: SpecialTokens = {}): Promise<Case> {
  const file = await openSafetensors(join(folder, "expected.safetensors"));
  const names = [...file.tensors.keys()];
  const expected = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await file.load(name)] as const)),
  );
  await file.close();
  const tokenizer = charactersTokenizer(
    vocabularyOf(
      Array.from({ length: size }, (_, id) => character(id)),
      special,
    ),
  );
  const files = new Map<string, Uint8Array>([
    ["config.json", await readFile(join(folder, "config.json"))],
    ["model.safetensors", await readFile(join(folder, "model.safetensors"))],
    ["tokenizer.json", new TextEncoder().encode(JSON.stringify(tokenizer))],
    ["tokenizer_config.json", new TextEncoder().encode(JSON.stringify(configOf(special)))],
  ]);
  return { files: new Map([...files].map(([name, bytes]) => [name, bytesSource(bytes, name)])), expected };
}

const configOf = (special: SpecialTokens): object =>
  Object.fromEntries(Object.entries(special).map(([role, token]) => [`${role}_token`, token]));

/** ‖found − wanted‖ / ‖wanted‖ within the case's own tolerance. */
async function expectNear(found: readonly number[], wanted: readonly number[], folder: string): Promise<void> {
  const { tolerance } = JSON.parse(await readFile(join(folder, "case.json"), "utf8")) as {
    readonly tolerance: { readonly relative_error_max: number };
  };
  expect(found.length).toBe(wanted.length);
  const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const error = norm(found.map((value, index) => value - (wanted[index] as number))) / norm(wanted);
  expect(error).toBeLessThanOrEqual(tolerance.relative_error_max);
}

const numbers = (value: HostTensor | undefined): readonly number[] => Array.from(toNumbers(value as HostTensor));
const flat = (values: readonly number[]): HostTensor => exactTensor(values, [values.length]);

describe("fill-mask", () => {
  const cases = [
    ["esm", fixtures, 33],
    ["bert_mlm", shared, 256],
    ["roberta_mlm", shared, 256],
    ["modernbert", shared, 256],
  ] as const;
  const present = cases.filter(([, root]) => root === fixtures || hasShared);
  test.each(present)("%s", async (name, root, size) => {
    const { expected } = await caseOf(join(root, name), size);
    const tokens = numbers(expected.long_input_ids);
    // One of the last eight tokens, for which logits are stored, that occurs once: it is the mask here.
    const place = tokens.findLastIndex(
      (token, at) => at >= 88 && tokens.filter((other) => other === token).length === 1,
    );
    const at = place === -1 ? 95 : place;
    const { files } = await caseOf(join(root, name), size, { mask: character(tokens[at] as number) });
    await using fill = await pipeline("fill-mask", files, { backend });
    const found = (await fill(textOf(tokens), { topK: size })) as
      | readonly { score: number; token: number }[]
      | readonly (readonly { score: number; token: number }[])[];
    const own = (Array.isArray(found[0]) ? found.at(-1) : found) as readonly { score: number; token: number }[];
    const stored = numbers(expected.long_logits).slice((at - 88) * size, (at - 87) * size);
    const scores = softmaxOf(stored);
    expectClose(
      flat([...own].sort((a, b) => a.token - b.token).map(({ score }) => score)),
      flat(scores),
      "goldenSingle",
    );
    expect(own[0]?.token).toBe(scores.indexOf(Math.max(...scores)));
  });
});

describe.skipIf(!hasShared)("text-classification", () => {
  test.each(["bert_seqcls", "deberta_v2_seqcls"])("%s", async (name) => {
    const { files, expected } = await caseOf(join(shared, name), 256);
    await using classify = await pipeline("text-classification", files, { backend });
    const text = textOf(numbers(expected.long_input_ids));
    const logits = numbers(expected.long_logits);
    const raw = await classify([text, text], { topK: 0, functionToApply: "none" });
    const byLabel = [...(raw[1] ?? [])].sort((a, b) => (a.label < b.label ? -1 : 1));
    await expectNear(
      byLabel.map(({ score }) => score),
      logits,
      join(shared, name),
    );
    const [best, ...others] = await classify(text);
    expect(others).toEqual([]);
    await expectNear([best?.score as number], [Math.max(...softmaxOf(logits))], join(shared, name));
  });
});

test.skipIf(!hasShared)("feature-extraction: hidden states, their mean and the first", async () => {
  const { files, expected } = await caseOf(join(shared, "deberta_v1"), 256);
  await using extract = await pipeline("feature-extraction", files, { backend });
  const text = textOf(numbers(expected.long_input_ids));
  const states = await extract(text);
  const last = numbers(states).slice(-8 * 48);
  await expectNear(last, numbers(expected.long_last_hidden_state), join(shared, "deberta_v1"));
  const [first] = await extract([text], { pooling: "cls" });
  expect(numbers(first)).toEqual(numbers(states).slice(0, 48));
  const mean = numbers(await extract(text, { pooling: "mean", normalize: true }));
  expectClose(flat([mean.reduce((sum, value) => sum + value * value, 0)]), flat([1]), "goldenSingle");
});

describe.skipIf(!hasShared)("translation", () => {
  test.each(["t5_tied", "umt5"])("%s: greedy tokens", async (name) => {
    const { expected } = await caseOf(join(shared, name), 256);
    const source = numbers(expected.input_ids).slice(0, 40);
    const greedy = numbers(expected.greedy_a);
    const { files } = await caseOf(join(shared, name), 256, { eos: character(source.at(-1) as number) });
    await using translate = await pipeline("translation", files, { backend });
    const end = greedy.indexOf(source.at(-1) as number);
    const { translationText } = await translate(textOf(source), { maxNewTokens: 24 });
    expect(translationText).toBe(textOf(end === -1 ? greedy : greedy.slice(0, end)));
  });
});

describe("a Llama", () => {
  const folder = join(fixtures, "llama_rope_bf16");

  test("text-generation: transformers' greedy tokens, with and without the prompt", async () => {
    const { files, expected } = await caseOf(folder, 256);
    await using generate = await pipeline("text-generation", files, { backend });
    const [prompt, greedy] = [textOf(numbers(expected.prompt_a)), textOf(numbers(expected.greedy_a))];
    expect(await generate(prompt, { maxNewTokens: 24 })).toEqual([{ generatedText: prompt + greedy }]);
    const alone = await generate([prompt, prompt], { maxNewTokens: 24, returnFullText: false });
    expect(alone).toEqual([[{ generatedText: greedy }], [{ generatedText: greedy }]]);
  });

  test("with new heads classifies tokens and answers questions, by what the model gives for the same tokens", async () => {
    const special = { cls: character(1), sep: character(2), pad: character(0) };
    const { files } = await caseOf(folder, 256, special);
    const checkpoint = await openCheckpoint(files);
    const labels = { id2label: { 0: "O", 1: "B-X", 2: "I-X" }, pad_token_id: 0 };
    const tagger = withHead(checkpoint, { task: "token-classification", settings: labels });
    const given = [7, 9, 11, 13];
    const run = async (opened: typeof tagger, tokens: readonly number[]) => {
      const model = await loadModel(opened.model, await opened.load(), backend);
      const { outputs } = await model.run({ input_ids: tensor(Int32Array.from(tokens), [1, tokens.length], "int32") });
      await model.close();
      return outputs;
    };
    await using tag = await pipeline("token-classification", tagger, { backend });
    const found = await tag(textOf(given), { ignoreLabels: [] });
    const logits = numbers((await run(tagger, given)).logits);
    expect(found.map(({ entity, index, start }) => [entity, index, start])).toEqual(
      given.map((_, at) => {
        const own = logits.slice(3 * at, 3 * at + 3);
        return [labels.id2label[own.indexOf(Math.max(...own)) as 0], at, at];
      }),
    );
    const groups = await tag(textOf(given), { ignoreLabels: [], aggregationStrategy: "simple" });
    expect(groups.map(({ word }) => word).join("")).toBe(textOf(given));

    const reader = withHead(checkpoint, { task: "question-answering", settings: { pad_token_id: 0 } });
    await using answer = await pipeline("question-answering", reader, { backend });
    const [question, context] = [
      [30, 31],
      [40, 41, 42, 43, 44],
    ];
    const best = await answer({ question: textOf(question), context: textOf(context) }, { maxAnswerLen: 3 });
    const outputs = await run(reader, [1, ...question, 2, ...context, 2]);
    const part = (name: string) => {
      const scores = numbers(outputs[name]);
      return softmaxOf([scores[0] as number, ...scores.slice(4, 9)]).slice(1);
    };
    const [starts, ends] = [part("start_logits"), part("end_logits")];
    const spans = starts.flatMap((start, from) =>
      ends.slice(from, from + 3).map((end, length) => ({ from, to: from + length + 1, score: start * end })),
    );
    const wanted = spans.reduce((a, b) => (b.score > a.score ? b : a));
    expect([best.start, best.end]).toEqual([wanted.from, wanted.to]);
    expectClose(flat([best.score]), flat([wanted.score]), "goldenSingle");
    await checkpoint.close();
  });
});

describe.each(["reference", "ort-node"])("adapters swapped while a model runs, on %s", (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = (name === "reference" ? createReferenceBackend() : await createOrtNodeBackend({ threads: 1 })) as Backend;
  });
  afterAll(() => backend.close());
  const folder = join(fixtures, "llama_rope_bf16");

  test("give what merged ones give, and the model without one what it gave", async () => {
    const { files, expected } = await caseOf(folder, 256);
    const checkpoint = await openCheckpoint(files);
    const made = await openTextGenerator(checkpoint, { backend });
    const prompt = textOf(numbers(expected.prompt_a));
    const greedy = textOf(numbers(expected.greedy_a));
    const settings = { maxNewTokens: 24 };
    using session = new Session(made.model);
    expect((await made.generate(prompt, settings, session)).text).toBe(greedy);
    const said = new Set([greedy]);
    for (const [seed, rank] of [
      [1, 4],
      [2, 4],
      [3, 2],
    ] as const) {
      const adapter = drawnAdapter(checkpoint, seed, rank);
      await made.model.setAdapter(applyAdapter(checkpoint, adapter));
      const { text } = await made.generate(prompt, settings, session);
      const merged = await openTextGenerator(mergeAdapter(checkpoint, adapter), { backend });
      expect(text).toBe((await merged.generate(prompt, settings)).text);
      const { length } = prompt;
      const tokens = [...made.tokenizer.encode(prompt).ids];
      const [own, other] = [
        await perplexity(made.model, tokens, { length }),
        await perplexity(merged.model, tokens, { length }),
      ];
      expectClose(tensor([own.perplexity / other.perplexity], [1]), tensor([1], [1]), "composite");
      await merged.dispose();
      said.add(text);
    }
    expect(said.size).toBe(4);
    await made.model.setAdapter(undefined);
    expect((await made.generate(prompt, settings, session)).text).toBe(greedy);
    await made.dispose();
    await checkpoint.close();
  });
});

/** An adapter with values drawn by a seed, B among them. */
function drawnAdapter(checkpoint: Checkpoint, seed: number, rank: number): Adapter {
  const config = { rank, alpha: 8, targets: ["q_proj", "up_proj"] };
  const values = mapNamed(adaptedModel(checkpoint, config).parameters, ({ shape }, name) => {
    const drawn = randomNormal(
      foldIn(randomKey(seed), name),
      shape.reduce((a, b) => a * b, 1),
    );
    return tensor(
      Float32Array.from(drawn, (x) => 0.3 * x),
      shape,
    );
  });
  return adapterOf(checkpoint, config, values);
}

test("with weights in 8 bits chooses the same tokens for a mask", async () => {
  const { expected } = await caseOf(join(fixtures, "esm"), 33);
  const tokens = numbers(expected.long_input_ids).slice(0, 30);
  const { files } = await caseOf(join(fixtures, "esm"), 33, { mask: character(tokens[7] as number) });
  const best = async (dtype: "fp32" | "q8"): Promise<unknown> => {
    await using fill = await pipeline("fill-mask", files, { backend, dtype });
    return JSON.stringify(await fill(textOf(tokens), { topK: 1 })).match(/"token":\d+/g);
  };
  expect(await best("q8")).toEqual(await best("fp32"));
});

test("errors name what is missing", async () => {
  const { files } = await caseOf(join(fixtures, "llama_rope_bf16"), 256);
  await expect(pipeline("fill-mask", files, { backend })).rejects.toThrow("model_type llama has no head for masked-lm");
  await expect(pipeline("text-classification", files, { backend })).rejects.toThrow("it lacks score.weight");
  await expect(pipeline("image-to-text" as "fill-mask", files, { backend })).rejects.toThrow(
    "task must be one of text-generation, text-classification,",
  );
  const { files: esm } = await caseOf(join(fixtures, "esm"), 33);
  await expect(pipeline("fill-mask", esm, { backend })).rejects.toThrow("the tokenizer must have a mask token");
});
