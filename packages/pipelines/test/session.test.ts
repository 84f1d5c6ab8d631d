import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { createReferenceBackend } from "@relpos/backend-reference";
import { type CatalogueEntry, catalogue } from "@relpos/catalogue";
import { encodeSafetensors, type Model, openSafetensors } from "@relpos/checkpoints";
import { expectClose } from "@relpos/conformance";
import { graph, type HostTensor, randomIntegers, randomKey, Tensor, tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { initializeParameters, type Named, parameterInputs } from "@relpos/core/nn";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LanguageModel, Session } from "../src/index.js";
import { decoderModel } from "./decoder-model.js";

// A session's scores are those of the whole sequence at once, however it came to its tokens.

let backends: readonly Backend[];
let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relpos-session-"));
  backends = [createReferenceBackend(), await createOrtNodeBackend()] as readonly Backend[];
});
afterAll(async () => {
  for (const backend of backends) await backend.close();
  await rm(folder, { recursive: true });
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

  test("gives the highest scores with their tokens as they stand among all", () =>
    onEach(async (_, language) => {
      const [one, other] = [new Session(language, { block: 4 }), new Session(language, { block: 4 })];
      for (const tokens of [tokensOf(8, 5), [3], [1, 2]]) {
        const all = [...(await one.append([tokens], { choice: "scores" })).data] as number[];
        const order = [...all.keys()].sort((a, b) => all[b]! - all[a]! || a - b).slice(0, 4);
        const found = await other.append([tokens], { choice: { topK: 4 } });
        expect(found.shape).toEqual([1, 2, 4]);
        expect([...found.data]).toEqual([...order.map((token) => all[token]), ...order]);
      }
      const found = await other.append([[4]], { choice: { topK: 50 } });
      expect(found.shape).toEqual([1, 2, vocabulary]);
      one.dispose();
      other.dispose();
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

  test("gives the same alone and beside another", () =>
    onEach(async (_, language) => {
      const write = async (seed: number): Promise<readonly number[]> => {
        using session = new Session(language, { block: 4 });
        let next = tokensOf(seed, 5);
        for (let made = 0; made < 6; made++) next = [(await session.append([next])).data[0] as number];
        return [...session.rows[0]!];
      };
      const alone = [await write(11), await write(12)];
      expect(await Promise.all([write(11), write(12)])).toEqual(alone);
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

describe.each(encodings)("a saved session with %s", (name) => {
  const model = decoderModel(encodingOf(name), vocabulary);
  const values = initializeParameters(model.parameters, 3);

  test("goes on as the one that was saved, from bytes and from a file", async () => {
    for (const backend of backends) {
      const before = await backend.memory();
      const language = await LanguageModel.create(model, copies(values), backend);
      const session = new Session(language, { block: 4, chunk: 3 });
      await session.append([tokensOf(9, 10)]);
      const path = at(`${name}-${backend.name.replace(":", "-")}.safetensors`);
      await session.save(path);
      const bytes = await session.toBytes();
      expect(new Uint8Array(await readFile(path))).toEqual(bytes);
      const restored = [await Session.restore(language, bytes), await Session.restore(language, path)];
      for (const next of [[1], [2, 3, 4, 5, 6], [7]]) {
        const expected = await session.append([next], { choice: "scores" });
        for (const each of restored) {
          expect(each.rows.length).toBe(1);
          expect((await each.append([next], { choice: "scores" })).data).toEqual(expected.data);
          expect(each.rows).toEqual(session.rows);
        }
      }
      for (const each of [session, ...restored]) each.dispose();
      await language.close();
      expect(await backend.memory()).toEqual(before);
    }
  });
});

describe("saved sessions", () => {
  const model = decoderModel(encodingOf("rope"), vocabulary);
  const values = initializeParameters(model.parameters, 3);
  const using = async <T>(
    other: Model,
    own: Named<HostTensor>,
    act: (language: LanguageModel) => Promise<T>,
  ): Promise<T> => {
    const language = await LanguageModel.create(other, copies(own), backends[0]!);
    try {
      return await act(language);
    } finally {
      await language.close();
    }
  };
  const saved = (tokens: readonly (readonly number[])[]) =>
    using(model, values, async (language) => {
      using session = new Session(language, { batch: tokens.length });
      if (tokens.every((row) => row.length > 0)) await session.append(tokens);
      return await session.toBytes();
    });

  test("of several rows, of none, with tokens that were not computed", () =>
    using(model, values, async (language) => {
      using several = await Session.restore(language, await saved([tokensOf(1, 3), tokensOf(2, 9)]));
      using whole = new Session(language, { batch: 2 });
      const expected = await whole.append(
        [
          [...tokensOf(1, 3), 1],
          [...tokensOf(2, 9), 2],
        ],
        { choice: "scores" },
      );
      expectClose(await several.append([[1], [2]], { choice: "scores" }), expected, "composite", {
        length: 64,
        magnitude: 4,
      });
      using none = await Session.restore(language, await saved([[]]));
      expect(none.rows).toEqual([[]]);
      using broken = new Session(language, { chunk: 2 });
      await broken.append([[1, 2, 3]], { signal: AbortSignal.abort() }).catch(() => {});
      using restored = await Session.restore(language, await broken.toBytes());
      expect(restored.rows).toEqual([[1, 2, 3]]);
      const scores = await restored.append([[4]], { choice: "scores" });
      expectClose(scores, await scoresOf(backends[0]!, model, values, [1, 2, 3, 4]), "composite", {
        length: 64,
        magnitude: 4,
      });
    }));

  test("are refused by a model of other weights or another encoding", async () => {
    const bytes = await saved([tokensOf(1, 9)]);
    const other = initializeParameters(model.parameters, 4);
    await using(model, other, async (language) => {
      await expect(Session.restore(language, bytes)).rejects.toThrow(
        "[restore] the session must be of this model, got one of another: layers.0.key is computed otherwise by its weights",
      );
    });
    const second = "layers.1.attention.queryKeyValue.weight";
    await using(model, { ...values, [second]: other[second]! }, async (language) => {
      await expect(Session.restore(language, bytes)).rejects.toThrow("layers.1.key is computed otherwise");
    });
    for (const name of ["alibi", "fox"]) {
      const another = decoderModel(encodingOf(name), vocabulary);
      await using(another, initializeParameters(another.parameters, 3), async (language) => {
        await expect(Session.restore(language, bytes)).rejects.toThrow("its layers or encoding are others");
      });
    }
    expect(await backends[0]!.memory()).toMatchObject({ tensors: 0 });
  });

  test("that are cut, or no sessions, are errors", () =>
    using(model, values, async (language) => {
      const bytes = await saved([tokensOf(1, 9)]);
      await expect(Session.restore(language, bytes.slice(0, -4))).rejects.toThrow("[safetensors]");
      await expect(Session.restore(language, encodeSafetensors({}))).rejects.toThrow(
        "[restore] the file must be a session that relpos saved, got format undefined, version undefined",
      );
      const file = await openSafetensors(bytes);
      const tensors = new Map(
        await Promise.all([...file.tensors.keys()].map(async (name) => [name, await file.load(name)] as const)),
      );
      const changed = (session: object): Uint8Array => {
        const metadata = {
          ...file.metadata,
          session: JSON.stringify({ ...JSON.parse(file.metadata.session!), ...session }),
        };
        return encodeSafetensors(tensors, { metadata });
      };
      await expect(Session.restore(language, changed({ held: [20] }))).rejects.toThrow("got 20 of 9");
      await expect(Session.restore(language, changed({ held: [5] }))).rejects.toThrow(
        "[restore] layers.0.key must be float32 [1,2,5,4], got float32 [1,2,9,4]",
      );
      await expect(Session.restore(language, changed({ block: -1 }))).rejects.toThrow("must have the session's sizes");
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
