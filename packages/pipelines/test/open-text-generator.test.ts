import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { createReferenceBackend } from "@relpos/backend-reference";
import type { Backend } from "@relpos/core/backend";
import { charactersTokenizer, vocabularyOf } from "@relpos/text";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTextGenerator, perplexity, Session, type TextGenerator } from "../src/index.js";
import { checkpointFiles, expectedOf, tokenizer } from "./checkpoint-files.js";

// Generation from a checkpoint's files alone: config.json, model.safetensors, tokenizer.json, generation_config.json.

let backends: readonly Backend[];
beforeAll(async () => {
  backends = [createReferenceBackend(), await createOrtNodeBackend({ threads: 1 })] as readonly Backend[];
});
afterAll(async () => {
  for (const backend of backends) await backend.close();
});

/** A generator of the fixture with other files beside it, on the reference. */
async function using<T>(
  others: Readonly<Record<string, unknown>>,
  act: (made: TextGenerator) => Promise<T>,
): Promise<T> {
  const made = await openTextGenerator(await checkpointFiles(others), { backend: backends[0]! });
  try {
    return await act(made);
  } finally {
    await made.dispose();
  }
}

const textOf = (tokens: readonly number[]): string => tokenizer.decode(tokens);

test("greedy text is that of transformers' greedy tokens, and perplexity that of its likelihoods", async () => {
  for (const backend of backends) {
    const made = await openTextGenerator(await checkpointFiles(), { backend });
    for (const name of ["a", "b"]) {
      const prompt = textOf(await expectedOf(`prompt_${name}`));
      const { text } = await made.generate(prompt, { maxNewTokens: 24 });
      expect(text).toBe(textOf(await expectedOf(`greedy_${name}`)));
    }
    const [tokens, losses] = [await expectedOf("nll_input_ids"), await expectedOf("nll")];
    const found = await perplexity(made.model, tokens, { length: tokens.length });
    const mean = losses.reduce((sum, loss) => sum + loss) / losses.length;
    expect(found).toMatchObject({ tokens: losses.length, windows: 1 });
    // Likelihoods agree to 1e-4 nats, so does their mean.
    expect(Math.abs(Math.log(found.perplexity) - mean)).toBeLessThan(1e-4);
    await made.dispose();
  }
});

test("perplexity in windows scores each token once, with at least length − stride tokens before it", async () => {
  const tokens = (await expectedOf("nll_input_ids")).slice(0, 20);
  await using({}, async ({ model }) => {
    const windows: number[] = [];
    const options = { length: 8, stride: 3, onWindow: ({ window }: { window: number }) => windows.push(window) };
    const whole = await perplexity(model, tokens, options);
    // Windows [0, 8), [3, 11), … [12, 20): the first scores 7 tokens, the others 3 each.
    const parts = [0, 3, 6, 9, 12].map((begin) => tokens.slice(begin, begin + 8));
    let expected = 0;
    for (const [index, part] of parts.entries()) {
      const { negativeLogLikelihood: all } = await perplexity(model, part, { length: 8 });
      const { negativeLogLikelihood: before } =
        index === 0 ? { negativeLogLikelihood: 0 } : await perplexity(model, part.slice(0, 5), { length: 8 });
      expected += all - before;
    }
    expect(whole.negativeLogLikelihood).toBeCloseTo(expected, 9);
    expect([whole.tokens, whole.windows, windows]).toEqual([19, 5, [1, 2, 3, 4, 5]]);
  });
});

describe("generation_config.json", () => {
  test("gives end tokens, lengths and ways to draw to calls that leave them out", async () => {
    const greedy = await expectedOf("greedy_a");
    const prompt = textOf(await expectedOf("prompt_a"));
    const end = greedy[5]!;
    const first = greedy.indexOf(end);
    await using({ "generation_config.json": { eos_token_id: [end, 255], max_new_tokens: 9 } }, async (made) => {
      expect(await made.generate(prompt)).toMatchObject({ tokens: greedy.slice(0, first), finishReason: "stop" });
    });
    const drawn = {
      do_sample: true,
      temperature: 3,
      top_k: 40,
      top_p: 0.95,
      repetition_penalty: 1.1,
      max_new_tokens: 9,
    };
    await using({ "generation_config.json": drawn }, async (made) => {
      const options = { temperature: 3, topK: 40, topP: 0.95, repetitionPenalty: 1.1, maxNewTokens: 9 };
      const explicit = await using({}, (plain) => plain.generate(prompt, { ...options, seed: 4 }));
      expect(await made.generate(prompt, { seed: 4 })).toEqual(explicit);
      expect((await made.generate(prompt, { doSample: false, repetitionPenalty: 1 })).tokens).toEqual(
        greedy.slice(0, 9),
      );
    });
  });

  test("with do_sample false draws nothing, unless a call asks for it", async () => {
    const prompt = textOf(await expectedOf("prompt_a"));
    await using({ "generation_config.json": { do_sample: false, temperature: 3, top_p: null } }, async (made) => {
      const { tokens } = await made.generate(prompt, { maxNewTokens: 24 });
      expect(tokens).toEqual(await expectedOf("greedy_a"));
      expect((await made.generate(prompt, { maxNewTokens: 24, temperature: 5 })).tokens).not.toEqual(tokens);
    });
  });
});

describe("conversations", () => {
  // Turns by the fixture's characters: Ā begins one, ā ends it.
  const template =
    "{{ bos_token }}{% for message in messages %}Ā{{ message.content }}ā{% endfor %}{% if add_generation_prompt %}Ă{% endif %}";
  const config = { chat_template: template, bos_token: { content: "ă" } };
  const messages = [{ role: "user", content: "ŁŃ" }];

  test("are written by the template, of the configuration or a file", async () => {
    const expected = await using({}, (made) => made.generate("ăĀŁŃāĂ", { maxNewTokens: 6 }));
    const named = [
      { name: "tools", template: "" },
      { name: "default", template },
    ];
    for (const files of [
      { "tokenizer_config.json": config },
      { "tokenizer_config.json": { ...config, chat_template: named } },
      { "tokenizer_config.json": { bos_token: "ă" }, "chat_template.jinja": template },
    ]) {
      await using(files, async (made) => {
        expect(made.hasChatTemplate).toBe(true);
        expect(await made.generate(messages, { maxNewTokens: 6 })).toEqual(expected);
      });
    }
  });

  test("go on in a session without computing earlier turns again", async () => {
    await using({ "tokenizer_config.json": config }, async (made) => {
      const session = new Session(made.model);
      const taken: number[] = [];
      const append = session.append.bind(session);
      session.append = (rows, options) => {
        taken.push(rows[0]!.length);
        return append(rows, options);
      };
      const { text } = await made.generate(messages, { maxNewTokens: 4 }, session);
      const longer = [...messages, { role: "assistant", content: text }, { role: "user", content: "Ž" }];
      const { text: next } = await made.generate(longer, { maxNewTokens: 1 }, session);
      // ăĀŁŃāĂ and three of the four tokens made; then only what follows what the prompts share, ăĀŁŃā.
      expect(taken).toEqual([6, 1, 1, 1, made.encode(longer).length - 5]);
      expect(next).toBe((await made.generate(longer, { maxNewTokens: 1 })).text);
      session.dispose();
    });
  });

  test("are what was said line by line without a template", async () => {
    const lines = charactersTokenizer(vocabularyOf([...tokenizer.vocabulary.tokens.slice(1), "\n"]));
    await using({ "tokenizer.json": lines }, async (made) => {
      expect(made.hasChatTemplate).toBe(false);
      expect(made.encode(messages)).toEqual(made.encode("ŁŃ\n"));
    });
  });

  test("a template's refusal is the error", async () => {
    const refusing = { chat_template: "{{ raise_exception('roles must alternate') }}" };
    await using({ "tokenizer_config.json": refusing }, async (made) => {
      expect(() => made.encode(messages)).toThrow("[chatTemplate] roles must alternate");
    });
  });
});

describe("errors", () => {
  const opened = (others: Readonly<Record<string, unknown>>) => using(others, async () => {});
  const withTokens = (...more: readonly string[]) => [...tokenizer.vocabulary.tokens, ...more];

  test("a tokenizer with tokens that have no embedding", async () => {
    const wide = charactersTokenizer(vocabularyOf(withTokens("x", "y")));
    await expect(opened({ "tokenizer.json": wide })).rejects.toThrow(
      `[openTextGenerator] the tokenizer's 258 tokens must be among the model's 256, got "x" as token 256`,
    );
  });

  test("a special token without one, when it occurs", async () => {
    const wide = charactersTokenizer(vocabularyOf(withTokens("<pad>"), { pad: "<pad>" }));
    await using({ "tokenizer.json": wide }, async (made) => {
      expect(made.encode("Ā")).toEqual([0]);
      expect(() => made.encode("Ā<pad>")).toThrow(
        `[generate] the tokenizer's tokens must be among the model's 256, got "<pad>" as token 256`,
      );
    });
  });

  test.each([
    [{ "generation_config.json": "{" }, "[openTextGenerator] generation_config.json must be JSON: "],
    [{ "generation_config.json": [1] }, "[openTextGenerator] generation_config.json must be a JSON object, got [1]"],
    [{ "generation_config.json": { top_k: "all" } }, '[generationConfig] top_k must be a number, got "all"'],
    [{ "generation_config.json": { do_sample: 1 } }, "[generationConfig] do_sample must be true or false, got 1"],
    [{ "generation_config.json": { eos_token_id: ["</s>"] } }, "[generationConfig] eos_token_id must be a token"],
    [{ "tokenizer_config.json": { chat_template: "{% for %}" } }, "[chatTemplate] "],
  ])("%o", async (files, message) => {
    await expect(opened(files)).rejects.toThrow(message);
  });

  test("no tokenizer", async () => {
    const { "tokenizer.json": _, ...files } = Object.fromEntries(await checkpointFiles());
    const open = openTextGenerator(new Map(Object.entries(files)), { backend: backends[0]! });
    await expect(open).rejects.toThrow(
      "[readTokenizer] the checkpoint must have tokenizer.json, or a tokenizer be given; it has config.json, model.safetensors",
    );
  });

  test.each([
    [{ length: 1 }, "length must be whole and above 1, got 1"],
    [{ length: 8, stride: 8 }, "stride must be whole, positive and below the length of 8, got 8"],
  ])("perplexity with %o", async (options, message) => {
    await using({}, async ({ model }) => {
      await expect(perplexity(model, [1, 2, 3], options)).rejects.toThrow(`[perplexity] ${message}`);
    });
  });
});
