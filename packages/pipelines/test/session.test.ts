import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { createReferenceBackend } from "@relpos/backend-reference";
import { type CatalogueEntry, catalogue } from "@relpos/catalogue";
import type { Model } from "@relpos/checkpoints";
import { expectClose } from "@relpos/conformance";
import { graph, type HostTensor, randomIntegers, randomKey, Tensor, tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { initializeParameters, type Named, parameterInputs } from "@relpos/core/nn";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LanguageModel, Session } from "../src/index.js";
import { decoderModel } from "./decoder-model.js";

// A session's scores are those of the whole sequence at once, however it came to its tokens.

let backends: readonly Backend[];
beforeAll(async () => {
  backends = [createReferenceBackend(), await createOrtNodeBackend()] as readonly Backend[];
});
afterAll(async () => {
  for (const backend of backends) await backend.close();
});

/** The values in memory that can be given away. */
const copies = (values: Named<HostTensor>): readonly [string, HostTensor][] =>
  Object.entries(values).map(([name, value]) => [name, { ...value, data: value.data.slice() }]);

const vocabulary = 13;
const encodingOf = (name: string) =>
  (catalogue[name] as CatalogueEntry).create({ trainLength: 64, causal: true, embeddingDeviation: 1 });
const tokensOf = (seed: number, count: number): number[] => [...randomIntegers(randomKey(seed), count, 0, vocabulary)];

/** Scores of the token after the last, from the whole sequence. */
async function scoresOf(backend: Backend, model: Model, values: Named<HostTensor>, tokens: readonly number[]) {
  const parameters = parameterInputs(model.parameters);
  const ids = Tensor.input({ shape: [1, tokens.length], dtype: "int32" }, "ids");
  const last = Tensor.input({ shape: [1], dtype: "int32" }, "last");
  const { outputs } = model.apply(parameters, { input_ids: ids, logits_positions: last });
  const program = graph([...Object.values(parameters), ids, last], [outputs.logits as Tensor]);
  const executable = await backend.compile(program);
  const feeds = new Map<Tensor, unknown>();
  for (const [name, input] of Object.entries(parameters)) feeds.set(input, await backend.upload(values[name]!));
  feeds.set(ids, await backend.upload(tensor([...tokens], [1, tokens.length], "int32")));
  feeds.set(last, await backend.upload(tensor([tokens.length - 1], [1], "int32")));
  const [output] = await executable.run(feeds);
  const result = await backend.download(output);
  for (const handle of [...feeds.values(), output]) backend.dispose(handle);
  await executable.close();
  return { ...result, shape: [1, vocabulary] };
}

/** A model of each kind of cache: with room, of raw keys, with a state. */
const encodings = ["rope", "alibi", "t5", "rope-dynamic", "fox"] as const;

describe.each(encodings)("a session with %s", (name) => {
  const model = decoderModel(encodingOf(name), vocabulary);
  const values = initializeParameters(model.parameters, 3);

  const onEach = async (check: (backend: Backend, language: LanguageModel) => Promise<void>): Promise<void> => {
    for (const backend of backends) {
      const before = await backend.memory();
      const language = await LanguageModel.create(model, copies(values), backend);
      await check(backend, language);
      await language.close();
      expect(await backend.memory()).toEqual(before);
    }
  };

  test("gives the whole's scores after a prompt in chunks, single tokens, and more at once", () =>
    onEach(async (backend, language) => {
      const tokens = tokensOf(1, 14);
      const session = new Session(language, { block: 4, chunk: 3 });
      for (const [start, end] of [
        [0, 7],
        [7, 8],
        [8, 9],
        [9, 13],
        [13, 14],
      ] as const) {
        const scores = await session.append([tokens.slice(start, end)], { choice: "scores" });
        expectClose(scores, await scoresOf(backend, model, values, tokens.slice(0, end)), "composite", {
          length: 64,
          magnitude: 4,
        });
      }
      session.dispose();
    }));

  test("goes on from a shorter beginning", () =>
    onEach(async (backend, language) => {
      const session = new Session(language, { block: 4 });
      await session.append([tokensOf(2, 9)]);
      session.truncate([5]);
      const tokens = [...tokensOf(2, 5), ...tokensOf(3, 2)];
      const scores = await session.append([tokens.slice(5)], { choice: "scores" });
      expectClose(scores, await scoresOf(backend, model, values, tokens), "composite", { length: 64, magnitude: 4 });
      session.dispose();
    }));

  test("goes two ways from a copy", () =>
    onEach(async (backend, language) => {
      const session = new Session(language, { block: 4 });
      await session.append([tokensOf(4, 6)]);
      const other = await session.fork();
      for (const [each, next] of [
        [session, 1],
        [other, 2],
      ] as const) {
        const scores = await each.append([[next]], { choice: "scores" });
        const whole = await scoresOf(backend, model, values, [...tokensOf(4, 6), next]);
        expectClose(scores, whole, "composite", { length: 64, magnitude: 4 });
      }
      session.dispose();
      other.dispose();
    }));
});

test("rows of unequal lengths give what each gives alone", async () => {
  const model = decoderModel(encodingOf("rope"), vocabulary);
  const values = initializeParameters(model.parameters, 3);
  for (const backend of backends) {
    const language = await LanguageModel.create(model, copies(values), backend);
    const rows = [tokensOf(5, 9), tokensOf(6, 2), tokensOf(7, 5)];
    const session = new Session(language, { batch: 3, block: 4, chunk: 4 });
    const check = async (scores: HostTensor): Promise<void> => {
      for (const [row, tokens] of session.rows.entries()) {
        const own = tensor((scores.data as Float32Array).slice(row * vocabulary, (row + 1) * vocabulary), [
          1,
          vocabulary,
        ]);
        expectClose(own, await scoresOf(backend, model, values, tokens), "composite", { length: 64, magnitude: 4 });
      }
    };
    await check(await session.append(rows, { choice: "scores" }));
    await check(await session.append([[1], [2], [3]], { choice: "scores" }));
    await check(await session.append([[1, 2], [3], [4, 5, 6]], { choice: "scores" }));
    session.dispose();
    await language.close();
  }
});

describe("errors", () => {
  const model = decoderModel(encodingOf("rope"), vocabulary);
  const values = initializeParameters(model.parameters, 3);

  test("name what was asked for", async () => {
    const language = await LanguageModel.create(model, copies(values), backends[0]!);
    const session = new Session(language);
    await expect(session.append([[]])).rejects.toThrow("[append] every row must get a token, got 0 for 1 rows");
    expect(() => new Session(language, { block: 0 })).toThrow("[Session] block must be whole and positive, got 0");
    expect(() => session.truncate([1])).toThrow("[truncate] length must be whole and at most 0, got 1");
    session.dispose();
    await expect(session.append([[1]])).rejects.toThrow("[append] the session was disposed");
    await language.close();
  });

  test("an aborted call leaves a session that can go on", async () => {
    const language = await LanguageModel.create(model, copies(values), backends[0]!);
    const session = new Session(language, { chunk: 2 });
    await expect(session.append([[1, 2, 3, 4, 5]], { signal: AbortSignal.abort() })).rejects.toThrow("abort");
    const scores = await session.append([[6]], { choice: "scores" });
    expectClose(scores, await scoresOf(backends[0]!, model, values, [1, 2, 3, 4, 5, 6]), "composite", {
      length: 64,
      magnitude: 4,
    });
    session.dispose();
    await language.close();
  });
});
