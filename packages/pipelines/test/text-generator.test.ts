import { createReferenceBackend } from "@relpos/backend-reference";
import { catalogue } from "@relpos/catalogue";
import { rope } from "@relpos/core/encodings";
import { initializeParameters } from "@relpos/core/nn";
import { byteTokenizer, charactersTokenizer, type Tokenizer, vocabularyOf } from "@relpos/text";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createStopWatch } from "../src/generation/stop.js";
import { createTextStream } from "../src/generation/text-stream.js";
import { LanguageModel, Session, TextGenerator } from "../src/index.js";
import { decoderModel } from "./decoder-model.js";

const letters = [..."abcdefghijklm"];
const tokenizer: Tokenizer = charactersTokenizer(vocabularyOf(letters));
const backend = createReferenceBackend();
let generator: TextGenerator;
beforeAll(async () => {
  const model = decoderModel(rope(), letters.length);
  const language = await LanguageModel.create(
    model,
    Object.entries(initializeParameters(model.parameters, 5)),
    backend,
  );
  generator = new TextGenerator(language, tokenizer, { contextLength: 40 });
});
afterAll(async () => {
  await generator.dispose();
  await backend.close();
});

async function piecesOf(pieces: AsyncIterable<string>): Promise<readonly string[]> {
  const list: string[] = [];
  for await (const piece of pieces) list.push(piece);
  return list;
}

test("a stream's pieces are the text, one for each character here", async () => {
  const { text, tokens, finishReason } = await generator.generate("abc", { maxNewTokens: 12 });
  const pieces = await piecesOf(generator.stream("abc", { maxNewTokens: 12 }));
  expect(pieces).toHaveLength(12);
  expect(pieces.join("")).toBe(text);
  expect(tokenizer.decode(tokens)).toBe(text);
  expect(finishReason).toBe("length");
});

test("several prompts at once give what each gives alone, drawn or not", async () => {
  const prompts = ["abc", "m", "defghij"];
  for (const options of [{ maxNewTokens: 9 }, { maxNewTokens: 9, repetitionPenalty: 1.5 }]) {
    const alone = [];
    for (const prompt of prompts) alone.push(await generator.generate(prompt, options));
    expect(await generator.generateAll(prompts, options)).toEqual(alone);
  }
});

test("drawn tokens are the same for the same seed", async () => {
  const drawn = (seed: number) => generator.generate("abc", { maxNewTokens: 20, temperature: 2, seed });
  expect(await drawn(1)).toEqual(await drawn(1));
  expect(await drawn(1)).not.toEqual(await drawn(2));
});

test("it stops at a text, which is not said, and at an end token", async () => {
  const whole = (await generator.generate("abc", { maxNewTokens: 20 })).text;
  const stop = whole.slice(5, 7);
  const stopped = await generator.generate("abc", { maxNewTokens: 20, stop });
  expect(stopped).toMatchObject({ text: whole.slice(0, whole.indexOf(stop)), finishReason: "stop" });
  const end = letters.indexOf(whole[3]!);
  const ending = new TextGenerator(generator.model, tokenizer, { endTokens: [end] });
  const ended = await ending.generate("abc", { maxNewTokens: 20 });
  expect(ended).toMatchObject({ text: whole.slice(0, whole.indexOf(whole[3]!)), finishReason: "stop" });
});

test("it ends where the context ends, and refuses prompts beyond", async () => {
  expect((await generator.generate("a".repeat(35))).tokens).toHaveLength(5);
  await expect(generator.generate("a".repeat(40))).rejects.toThrow(
    "[generate] the prompt must be shorter than the context of 40 tokens, got 40",
  );
});

test("a session goes on after an earlier text, and is the caller's", async () => {
  const session = new Session(generator.model);
  const first = await generator.generate("abc", { maxNewTokens: 5 }, session);
  const second = await generator.generate(`abc${first.text}d`, { maxNewTokens: 5 }, session);
  expect(second).toEqual(await generator.generate(`abc${first.text}d`, { maxNewTokens: 5 }));
  session.dispose();
});

test("a session that was saved goes on with the tokens that it would have got, drawn too", async () => {
  for (const options of [{}, { temperature: 2, seed: 3 }, { temperature: 2, topK: 0, repetitionPenalty: 1.2 }]) {
    const unbroken = await generator.generate("abc", { ...options, maxNewTokens: 12 });
    const session = new Session(generator.model);
    const first = await generator.generate("abc", { ...options, maxNewTokens: 5 }, session);
    const restored = await Session.restore(generator.model, await session.toBytes());
    const second = await generator.generate(`abc${first.text}`, { ...options, maxNewTokens: 7 }, restored);
    expect(first.text + second.text).toBe(unbroken.text);
    session.dispose();
    restored.dispose();
  }
});

test("an abort ends it within one token", async () => {
  const controller = new AbortController();
  const pieces: string[] = [];
  const run = async (): Promise<void> => {
    for await (const piece of generator.stream("abc", { maxNewTokens: 30, signal: controller.signal })) {
      pieces.push(piece);
      if (pieces.length === 3) controller.abort();
    }
  };
  await expect(run()).rejects.toThrow("abort");
  expect(pieces).toHaveLength(3);
});

test("leaving the loop frees what it held", async () => {
  const before = await backend.memory();
  for await (const _ of generator.stream("abc", { maxNewTokens: 30 })) break;
  expect(await backend.memory()).toEqual(before);
});

test("an encoding whose cache has no room generates as well", async () => {
  const model = decoderModel(
    (catalogue.fox as NonNullable<typeof catalogue.fox>).create({
      trainLength: 40,
      causal: true,
      embeddingDeviation: 1,
    }),
    letters.length,
  );
  const language = await LanguageModel.create(
    model,
    Object.entries(initializeParameters(model.parameters, 5)),
    backend,
  );
  const fox = new TextGenerator(language, tokenizer);
  const both = await fox.generateAll(["abc", "de"], { maxNewTokens: 4 });
  expect(both[0]).toEqual(await fox.generate("abc", { maxNewTokens: 4 }));
  await fox.dispose();
});

test("bytes of one character in several tokens are said when it is whole", () => {
  const bytes = byteTokenizer();
  const stream = createTextStream(bytes);
  const pieces = [...bytes.encode("a中b").ids].map((token) => stream.push(token));
  expect(pieces).toEqual(["a", "", "", "中", "b"]);
  const [first] = bytes.encodeBytes(Uint8Array.of(0xe4));
  expect(stream.push(first!)).toBe("");
  expect(stream.end()).toBe("\ufffd");
});

test("a token that the tokenizer lacks says nothing", () => {
  const stream = createTextStream(tokenizer);
  expect([0, letters.length, 1].map((token) => stream.push(token))).toEqual(["a", "", "b"]);
});

test("a stop that comes in pieces is held back, and said if it was none", () => {
  const watch = createStopWatch(["END", "\n\n"]);
  expect(watch.push("aE")).toEqual({ text: "a", stopped: false });
  expect(watch.push("N")).toEqual({ text: "", stopped: false });
  expect(watch.push("X\n")).toEqual({ text: "ENX", stopped: false });
  expect(watch.push("\nz")).toEqual({ text: "", stopped: true });
  const other = createStopWatch(["END"]);
  other.push("E");
  expect(other.end()).toBe("E");
});
