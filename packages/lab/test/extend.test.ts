import { join } from "node:path";
import { createReferenceBackend } from "@relpos/backend-reference";
import { openCheckpoint } from "@relpos/checkpoints";
import { expectClose } from "@relpos/conformance";
import { exactTensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { afterAll, describe, expect, test } from "vitest";
import { passkeyPrompt } from "../src/extend/passkey-prompt.js";
import { recommendMethod } from "../src/extend/recommend-method.js";
import {
  type ExtendEvent,
  type ExtendOptions,
  type ExtendResults,
  extendContext,
  extensionTable,
  memoryRunStore,
  type PromptTokenizer,
  renderExtension,
} from "../src/index.js";

// A Llama of 256 bytes with random weights, which was "trained" at 256 tokens.
const fixture = join(import.meta.dirname, "..", "..", "checkpoints", "test", "fixtures", "llama_rope_bf16");
const backend = createReferenceBackend() as Backend;
afterAll(() => backend.close());

const bytes: PromptTokenizer = {
  vocabulary: { isSpecial: () => false },
  encode: (text) => ({ ids: new TextEncoder().encode(text) }),
  decode: (ids) => new TextDecoder().decode(Uint8Array.from(ids)),
};
const text = { name: "cats", text: "the cat sat on the mat, and the dog sat on the cat. ".repeat(12) };

const open: Parameters<typeof extendContext>[1]["open"] = (rope) => openCheckpoint(fixture, rope ? { rope } : {});
const context = { backend, open, name: "tiny", tokenizer: bytes, text };
const options: ExtendOptions = {
  lengths: [32, 64],
  methods: ["none", "linear:1", "yarn:4", "self-extend:group=2,window=8"],
  tokens: 96,
  keys: 0,
};

const measured = (results: ExtendResults, name: string) => {
  const found = results.methods.find((method) => method.name === name);
  if (!found?.possible) throw new Error(`${name} was not measured`);
  return found;
};

describe("extendContext", () => {
  test("every method reads the same tokens with the same weights", async () => {
    const results = await extendContext(options, context);
    const [none, same, yarn] = ["none", "linear:1", "yarn:4"].map((name) => measured(results, name));
    for (const [index, length] of [32, 64].entries()) {
      const own = none?.lengths[index];
      // 95 of 96 tokens are scored once: windows from 0, 16, 32, … and from 0, 32.
      expect(own?.sliding).toMatchObject({ tokens: 95, windows: length === 32 ? 5 : 2 });
      // 64 / 32 positions a group.
      expect(own?.natsByPosition).toHaveLength(Math.ceil((length - 1) / 2));
      expect(own?.passkey).toEqual({ possible: false, reason: "none was asked for" });
      // A linear scaling by 1 is the model as it is.
      const numbers = (one: typeof own) =>
        exactTensor([one?.sliding.nats ?? 0, ...(one?.natsByPosition ?? [])], [1 + (one?.natsByPosition.length ?? 0)]);
      expectClose(numbers(same?.lengths[index]), numbers(own), "exact");
      expect(yarn?.lengths[index]?.sliding.nats).not.toBe(own?.sliding.nats);
    }
    expect(results.model).toEqual({ family: "llama", parameters: 44_784, contextLength: 256, encodings: ["rope"] });
    expect(yarn?.contextLength).toBe(1024);
    expect(results.methods.map(({ name }) => name)).toContain(results.recommendation.method);
  });

  test("nats by position are those of all windows", async () => {
    const { methods } = await extendContext({ ...options, lengths: [32], methods: ["none"], tokens: 32 }, context);
    const [only] = methods;
    if (!only?.possible) throw new Error("not measured");
    const { sliding, natsByPosition } = only.lengths[0]!;
    const mean = natsByPosition.reduce((sum, nats) => sum + nats, 0) / 31;
    expectClose(exactTensor([sliding.nats], []), exactTensor([mean], []), "golden");
    expectClose(exactTensor([sliding.perplexity], []), exactTensor([Math.exp(mean)], []), "golden");
  });

  test("what the store holds is not measured again, and other settings are refused", async () => {
    const store = memoryRunStore();
    const controller = new AbortController();
    const events: ExtendEvent[] = [];
    const stop = (event: ExtendEvent): void => {
      events.push(event);
      if (event.type === "result" && event.run === 3) controller.abort();
    };
    const first = extendContext(options, { ...context, store, signal: controller.signal, onEvent: stop });
    await expect(first).rejects.toThrow("aborted");
    expect(events.map(({ work }) => work)).toEqual(events.map(({ work }) => work).sort((a, b) => a - b));

    const again: boolean[] = [];
    const resumed = await extendContext(options, {
      ...context,
      store,
      resume: true,
      onEvent: (event) => event.type === "result" && again.push(event.stored),
    });
    expect(again).toEqual([true, true, true, false, false, false, false, false]);
    const whole = await extendContext(options, context);
    const nats = ({ methods }: ExtendResults) =>
      methods.map((method) => method.possible && method.lengths.map(({ sliding }) => sliding.nats));
    expect(nats(resumed)).toEqual(nats(whole));
    await expect(extendContext(options, { ...context, store })).rejects.toThrow("holds a measured extension already");
    await expect(extendContext({ ...options, tokens: 80 }, { ...context, store, resume: true })).rejects.toThrow(
      "cannot resume with other settings: tokens was 96 and is now 80",
    );
  });

  test("without methods every way to the longest length is measured; what cannot be has its reason", async () => {
    const lengths = [300];
    const results = await extendContext({ lengths, tokens: 300, keys: 0 }, context);
    expect(results.methods.map(({ name }) => name)).toEqual([
      "none",
      "dynamic:1.18",
      "yarn:1.18",
      "linear:1.18",
      "llama3:1.18",
      "longrope:1.18",
      "self-extend:group=2,window=64",
      "dual-chunk",
      "rerope",
    ]);
    const wide = { lengths: [32], methods: ["none", "rerope:512"], tokens: 32, keys: 0 };
    expect((await extendContext(wide, context)).methods[1]).toEqual({
      name: "rerope:512",
      possible: false,
      reason: "window of rerope must be below the context of 256, got 512",
    });
  });

  test.each<[ExtendOptions, string]>([
    [{ lengths: [] }, "lengths are whole numbers from 4, got none"],
    [{ lengths: [2] }, "lengths are whole numbers from 4, got 2"],
    [{ lengths: [64], tokens: 32 }, "tokens are a whole number from the longest length of 64 on, got 32"],
    [{ lengths: [64], depths: [2] }, "depths are numbers from 0 to 1, got 2"],
    [{ lengths: [64], methods: ["yarm:4"] }, "a scaling must be one of"],
    [{ lengths: [4096] }, "the text has 624 tokens, and the longest length is 4096"],
  ])("%j: %s", async (asked, message) => {
    await expect(extendContext(asked, context)).rejects.toThrow(message);
  });
});

describe("passkeys", () => {
  const prompt = (length: number, depth: number) => passkeyPrompt(bytes, { length, depth, seed: 0, index: 0 });
  const written = (length: number, depth: number) => bytes.decode(prompt(length, depth).tokens);

  test("a text fits the length, and its last tokens are the number", () => {
    for (const length of [200, 400, 1000]) {
      const { tokens, answer } = prompt(length, 0.5);
      expect(tokens.length).toBeLessThanOrEqual(length);
      // One sentence more would not fit.
      expect(tokens.length).toBeGreaterThan(length - 90);
      expect(bytes.decode(tokens.slice(-answer))).toMatch(/^ \d{5}$/);
    }
  });

  test("the number stands at its depth", () => {
    const place = (depth: number) => {
      const whole = written(1000, depth);
      return whole.indexOf("The pass key is") / whole.length;
    };
    expect(place(0)).toBeLessThan(0.1);
    expect(place(0.5)).toBeGreaterThan(0.35);
    expect(place(0.5)).toBeLessThan(0.6);
    expect(place(1)).toBeGreaterThan(0.8);
    const key = /pass key is (\d{5})/.exec(written(1000, 0))?.[1];
    expect(written(1000, 0).split(key as string)).toHaveLength(4);
  });

  test("errors where the question does not fit, and where digits cannot be written", () => {
    expect(() => prompt(64, 0)).toThrow(/the question alone has \d+ tokens, more than 64/);
    const blind = { ...bytes, encode: (text: string) => ({ ids: bytes.encode(text.replace(/\d/g, "?")).ids }) };
    expect(() => passkeyPrompt(blind, { length: 400, depth: 0, seed: 0, index: 0 })).toThrow("the tokenizer writes");
  });
});

describe("the report", () => {
  const at = (length: number, perplexity: number, found: number) => ({
    length,
    sliding: { perplexity, nats: Math.log(perplexity), tokens: 99, windows: 2 },
    natsByPosition: [2, 1.5, 1.2],
    positionsPerGroup: 171,
    passkey: { possible: true, found: [found, found], nats: [1, 1] } as const,
    milliseconds: 1200,
  });
  const method = (name: string, values: readonly [number, number, number, number]) => ({
    name,
    possible: true as const,
    lengths: [at(256, values[0], values[1]), at(512, values[2], values[3])],
  });
  const methods = [
    method("none", [10, 1, 80, 0]),
    method("yarn:2", [10.5, 1, 9.5, 0.5]),
    method("dual-chunk", [10, 1, 9.6, 1]),
    {
      name: "rerope:512",
      possible: false as const,
      reason: "window of rerope must be below the context of 256, got 512",
    },
  ];

  test("what is recommended: of those that predict alike at the longest length, the one that finds most", () => {
    const { method: best, sentence } = recommendMethod(methods, { lengths: [256, 512] }, 256);
    expect(best).toBe("dual-chunk");
    expect(sentence).toBe(
      "Read 512 tokens with --rope dual-chunk: perplexity 9.60, 100.0 % of the passkeys found (as it is: 80.0, 0.0 %).",
    );
    const costly = [method("none", [10, 0, 80, 0]), method("yarn:2", [10.5, 0, 9.5, 0])];
    expect(recommendMethod(costly, { lengths: [256, 512] }, 256).sentence).toBe(
      "Read 512 tokens with --rope yarn:2: perplexity 9.50 (as it is: 80.0); at 256 tokens perplexity rises by 5.0 %.",
    );
    const worse = [method("none", [5, 1, 80, 0]), method("yarn:2", [6, 1, 9.5, 0.5])];
    expect(recommendMethod(worse, { lengths: [256, 512] }, 256).sentence).toContain(
      "windows of 256 tokens, which it reads as it is, still predict better (5.00)",
    );
  });

  test("shows every method and measure, and needs nothing from outside", async () => {
    const results: ExtendResults = {
      format: "relpos-extend",
      formatVersion: 1,
      createdAt: "2026-11-23T00:00:00.000Z",
      settings: {
        model: { name: "tiny <model>", digest: "0" },
        text: { name: "cats", digest: "1" },
        tokens: 100,
        lengths: [256, 512],
        methods: methods.map(({ name }) => name),
        slidingShare: 0.5,
        depths: [0, 1],
        keys: 2,
        seed: 0,
        backend: { name: "reference" },
      },
      environment: { versions: {}, machine: {}, backend: {}, command: "relpos extend" },
      model: { family: "llama", parameters: 44_784, contextLength: 256, encodings: ["rope"] },
      methods,
      recommendation: recommendMethod(methods, { lengths: [256, 512] }, 256),
    };
    const page = await renderExtension(results);
    for (const word of [
      "tiny &lt;model&gt;",
      "Passkeys by depth",
      "rerope:512, from length 256: window of rerope",
      "dual-chunk",
    ]) {
      expect(page).toContain(word);
    }
    expect(page).not.toMatch(/(src|href)="http/);
    expect(page).not.toContain("NaN");
    const table = extensionTable(results);
    expect(table).toContain("perplexity (lower is better)\nmethod      256*   512\n");
    expect(table).toContain("yarn:2      10.5  9.50\n");
    expect(table).toContain("rerope:512     —     —\n");
    expect(table).toContain("passkeys found (higher is better)");
    expect(table).toMatch(/Read 512 tokens with --rope dual-chunk/);
  });
});
