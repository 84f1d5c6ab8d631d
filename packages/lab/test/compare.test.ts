import { createReferenceBackend } from "@relpos/backend-reference";
import { type CatalogueSettings, catalogue, type PositionDraw } from "@relpos/catalogue";
import { type HostTensor, randomKey, tensor } from "@relpos/core";
import { shiftedPositions } from "@relpos/core/encodings";
import { describe, expect, test } from "vitest";
import { digitsOf } from "../src/compare/digits.js";
import { drawnPositions } from "../src/compare/positions.js";
import { rounded } from "../src/compare/run-hook.js";
import {
  type CompareContext,
  type CompareResults,
  compare,
  comparisonFiles,
  inBatches,
  memoryRunStore,
  taskNamed,
} from "../src/index.js";

const text = "the cat sat on the mat. a dog ran to the cat. ".repeat(60);

const options = {
  encodings: ["none", "learned", "rope", "alibi"],
  seeds: [3],
  trainLength: 8,
  testLengths: [8, 16],
  layers: 1,
  width: 8,
  heads: 2,
  steps: 6,
  batch: 2,
  evaluationTokens: 32,
};

function context(more: Partial<CompareContext> = {}): CompareContext {
  return { backend: createReferenceBackend(), data: { kind: "text", name: "cats", text }, ...more } as CompareContext;
}

/** Results without what a clock wrote. */
function withoutTimes(results: CompareResults): unknown {
  return {
    ...results,
    createdAt: "",
    runs: results.runs.map((run) => ({ ...run, ...("timings" in run ? { timings: undefined } : {}) })),
  };
}

describe("compare", () => {
  test("trains every encoding with every seed and measures it at every length", async () => {
    const results = await compare({ ...options, seeds: [0, 1] }, context());
    expect(results.runs.map(({ encoding, seed, status }) => `${encoding} ${seed} ${status}`)).toEqual(
      [0, 1].flatMap((seed) => options.encodings.map((encoding) => `${encoding} ${seed} finished`)),
    );
    expect(JSON.parse(JSON.stringify(results))).toEqual(results);
    const [none, learned] = results.encodings;
    expect(none?.measures.map(({ label }) => label)).toEqual([
      "perplexity, non-overlapping windows",
      "perplexity, sliding windows",
    ]);
    expect(none?.measures[0]?.lengths.every(({ possible }) => possible)).toBe(true);
    expect(learned?.measures[1]?.lengths).toMatchObject([
      { length: 8, possible: true },
      { length: 16, possible: false, reason: "its table has 8 positions" },
    ]);
    for (const run of results.runs) {
      if (run.status === "failed") continue;
      expect(run.losses).toHaveLength(6);
      for (const result of run.lengths) {
        if (!result.possible) continue;
        for (const score of Object.values(result.scores)) {
          expect(score.tokens).toBe(32);
          expect(score.perplexity).toBe(Math.exp(score.nats));
        }
        expect(result.natsByPosition).toHaveLength(result.length);
      }
    }
  });

  test("gives all encodings of a seed the same batches and initial weights, and other seeds others", async () => {
    const none = catalogue.none!;
    const twins = { encodings: ["one", "other"], seeds: [0, 1], steps: 2 };
    const { runs } = await compare({ ...options, ...twins }, context({ encodings: { one: none, other: none } }));
    const [one, other, next] = runs.map((run) => (run.status === "finished" ? run : undefined));
    expect({ ...other, encoding: "", timings: 0 }).toEqual({ ...one, encoding: "", timings: 0 });
    expect(next?.losses[0]).not.toEqual(one?.losses[0]);
    expect(next?.weights).not.toBe(one?.weights);
  });

  test("takes a picture with parameters of the model and of a layer at once", async () => {
    const sizes = { ...options, encodings: ["transformer-xl"], steps: 1, evaluationSequences: 5 };
    const { runs } = await compare(sizes, context());
    expect(runs).toMatchObject([{ status: "finished", picture: { trained: true } }]);
  });

  test("takes a picture of what depends on positions alone", async () => {
    const results = await compare(options, context());
    const pictures = results.runs.map((run) => (run.status === "finished" ? run.picture : {}));
    expect(pictures.map((picture) => Object.keys(picture))).toEqual([
      ["trained"],
      ["trained", "gram"],
      ["trained", "decay"],
      ["trained", "bias"],
    ]);
    expect(pictures.map(({ trained }) => trained)).toEqual([false, true, false, false]);
    const [, , rope, alibi] = pictures;
    expect(rope?.decay?.values[0]).toBe(1);
    // Two frequencies: 1 and 1/100.
    const distance = rope!.decay!.distances[3]!;
    expect(rope?.decay?.values[3]).toBe(rounded((Math.cos(distance) + Math.cos(distance / 100)) / 2));
    expect(alibi?.bias?.byDistance[0]?.at(-1)).toBe(-15 / 16);
    expect(alibi?.bias?.heads[1]?.[5]?.[2]).toBe(rounded(-3 / 256));
  });

  test("goes on with other runs where a loss is no number", async () => {
    const results = await compare(
      { ...options, encodings: ["rope", "alibi"], learningRate: 1e30, steps: 12 },
      context(),
    );
    expect(results.runs.map(({ status }) => status)).toEqual(["failed", "failed"]);
    expect(results.encodings[0]?.failures[0]).toMatchObject({ seed: 3, step: expect.any(Number) });
    expect(results.encodings[0]?.measures[0]?.lengths[0]).toMatchObject({ possible: false });
  });

  test("tells how much of the work is done, always more", async () => {
    const shares: number[] = [];
    await compare(options, context({ onEvent: ({ work }) => shares.push(work) }));
    expect(shares.every((share, index) => index === 0 || share >= shares[index - 1]! - 1e-12)).toBe(true);
    expect(shares.at(-1)).toBe(1);
  });
});

describe("resume", () => {
  const small = { ...options, encodings: ["learned", "alibi"] };

  test("after an interruption in training or measuring, gives the numbers of an unbroken comparison", async () => {
    const unbroken = await compare(small, context());
    const events = ["step", "examine"] as const;
    for (const when of events) {
      const files = new Map<string, Uint8Array>();
      let seen = 0;
      const controller = new AbortController();
      const onEvent: CompareContext["onEvent"] = ({ type, encoding }) => {
        if (type === when && encoding === "alibi" && ++seen === 3) controller.abort();
      };
      const store = memoryRunStore(files);
      await expect(compare(small, context({ store, signal: controller.signal, onEvent }))).rejects.toThrow(/abort/i);
      expect([...files.keys()].sort()).toEqual(["runs/alibi-seed3.state", "runs/learned-seed3.json", "settings.json"]);
      const started: string[] = [];
      const resumed = await compare(
        small,
        context({
          store,
          resume: true,
          onEvent: (event) => event.type === "run" && started.push(`${event.encoding} from ${event.step}`),
        }),
      );
      expect(started).toEqual([`alibi from ${when === "step" ? 3 : 6}`]);
      expect(withoutTimes(resumed)).toEqual(withoutTimes(unbroken));
      expect([...files.keys()]).not.toContain("runs/alibi-seed3.state");
    }
  });

  test("starts a run anew where its state is damaged", async () => {
    const files = new Map<string, Uint8Array>();
    const unbroken = await compare(small, context({ store: memoryRunStore(files) }));
    files.delete("runs/alibi-seed3.json");
    files.set("runs/alibi-seed3.state", new Uint8Array(100));
    const resumed = await compare(small, context({ store: memoryRunStore(files), resume: true }));
    expect(withoutTimes(resumed)).toEqual(withoutTimes(unbroken));
  });

  test("refuses other settings, and a store in use", async () => {
    const store = memoryRunStore();
    await compare({ ...small, steps: 2 }, context({ store }));
    await expect(compare({ ...small, steps: 2 }, context({ store }))).rejects.toThrow(/holds a comparison already/);
    await expect(compare({ ...small, steps: 3 }, context({ store, resume: true }))).rejects.toThrow(
      "steps was 2 and is now 3",
    );
    const environment = {
      versions: { relpos: "9.9.9" },
      machine: { cpu: "", cores: 1, memoryBytes: 1, platform: "", node: "" },
    };
    await expect(compare({ ...small, steps: 2 }, context({ store, resume: true, environment }))).rejects.toThrow(
      'relpos was undefined and is now "9.9.9"',
    );
    const backend = { ...createReferenceBackend(), details: { runtime: "2.0" } };
    await expect(compare({ ...small, steps: 2 }, context({ store, resume: true, backend }))).rejects.toThrow(
      'runtime was undefined and is now "2.0"',
    );
    expect(await store.read(comparisonFiles.results)).toBeDefined();
  });
});

describe("encodings whose positions are drawn", () => {
  const drawing = { ...options, encodings: ["randomized-rope", "shape"], seeds: [0, 1] };

  test("resume to the numbers of an unbroken comparison", async () => {
    const unbroken = await compare(drawing, context());
    expect(unbroken.runs.map(({ status }) => status)).toEqual(Array(4).fill("finished"));
    const files = new Map<string, Uint8Array>();
    for (const type of ["step", "examine"] as const) {
      const store = memoryRunStore(files);
      const controller = new AbortController();
      let seen = 0;
      const onEvent: CompareContext["onEvent"] = (event) => {
        if (event.type === type && event.seed === 1 && ++seen === 3) controller.abort();
      };
      const interrupted = compare(
        drawing,
        context({ store, resume: type === "examine", signal: controller.signal, onEvent }),
      );
      await expect(interrupted).rejects.toThrow(/abort/i);
    }
    const resumed = await compare(drawing, context({ store: memoryRunStore(files), resume: true }));
    expect(withoutTimes(resumed)).toEqual(withoutTimes(unbroken));
  });

  test("see the tokens that others see: counted positions give the numbers of an encoding that draws none", async () => {
    const rope = catalogue.rope!;
    const counted = {
      ...rope,
      drawPositions: (_: unknown, { length }: PositionDraw) => shiftedPositions([0, 0], length, 0),
    };
    const drawn = { ...catalogue["randomized-rope"]!, create: rope.create };
    const entries = { rope, counted, drawn };
    for (const data of [
      { kind: "text", name: "cats", text },
      { kind: "task", task: "copy" },
    ] as const) {
      const sizes = { ...options, encodings: Object.keys(entries), steps: 3, evaluationSequences: 5 };
      const { runs } = await compare(sizes, context({ encodings: entries, data }));
      const [plain, same, other] = runs.map((run) => (run.status === "finished" ? run : undefined));
      expect({ ...same, encoding: "", timings: 0 }).toEqual({ ...plain, encoding: "", timings: 0 });
      expect(other?.weights).not.toBe(plain?.weights);
      expect(other?.lengths[1]).not.toEqual(plain?.lengths[1]);
    }
  });

  test("are not measured where there are too few positions", async () => {
    const few = { ...catalogue["randomized-rope"]! };
    const limited = { ...few, create: (own: CatalogueSettings) => ({ ...few.create(own), maximumPositions: 12 }) };
    const { runs } = await compare({ ...options, encodings: ["few"] }, context({ encodings: { few: limited } }));
    const [run] = runs.map((one) => (one.status === "finished" ? one : undefined));
    expect(run?.lengths.map(({ possible }) => possible)).toEqual([true, false]);
    expect(run?.lengths[1]).toMatchObject({ reason: "its positions are drawn from 12" });
  });

  test("have positions that depend on seed, purpose and sequence, not on how sequences are batched", () => {
    const own = { trainLength: 8, causal: true, embeddingDeviation: 0.02 };
    const at = (name: string, seed = 0) => drawnPositions(catalogue[name]!, own, seed)!;
    const words = (count: number, length: number) => tensor(new Int32Array(count * length), [count, length], "int32");
    const source = at("randomized-rope");
    const all = rows(source.examination("sliding", 0, words(6, 16)));
    expect([
      ...rows(source.examination("sliding", 0, words(4, 16))),
      ...rows(source.examination("sliding", 4, words(2, 16))),
    ]).toEqual(all);
    const others = [
      source.examination("non-overlapping", 0, words(6, 16)),
      at("randomized-rope", 1).examination("sliding", 0, words(6, 16)),
      source.training(0, words(6, 16)),
      source.training(1, words(6, 16)),
    ].flatMap(rows);
    expect(new Set([...all, ...others]).size).toBe(30);
    expect(rows(at("shape").examination("sliding", 0, words(2, 3)))).toEqual(["0,1,2", "0,1,2"]);
    expect(rows(at("cape").examination("sliding", 0, words(2, 3)))).toEqual(["0,1,2", "0,1,2"]);
    expect(new Set(rows(at("shape").training(0, words(9, 3)))).size).toBeGreaterThan(5);
    expect(new Set(rows(at("cape").training(0, words(9, 8)))).size).toBeGreaterThan(5);
    expect(drawnPositions(catalogue.rope!, own, 0)).toBeUndefined();
  });
});

const rows = ({ data, shape }: HostTensor): readonly string[] => {
  const length = shape[1]!;
  return Array.from({ length: shape[0]! }, (_, row) => [...data.subarray(row * length, (row + 1) * length)].join());
};

describe("addition", () => {
  const task = taskNamed("addition");
  const digits = digitsOf(task.vocabulary);
  const own = { trainLength: 12, causal: true, embeddingDeviation: 0.02, digits };
  const [asked] = task.evaluation(randomKey(0), 12, 3);
  const { tokens } = inBatches(asked!, 3).batch(0);
  const prefix = (given: HostTensor, length: number) =>
    tensor(
      [0, 1, 2].flatMap((row) => [...given.data.subarray(12 * row, 12 * row + length)]),
      [3, length],
      "int32",
    );

  test.each([
    ["abacus", "1,2,3,0,1,2,3,0,1,2,3", 0],
    ["position-coupling", "2,3,4,1,2,3,4,1,2,3,4", 1],
  ])("%s numbers digits by their significance, the same in a generation as in training", (name, places, other) => {
    const drawn = drawnPositions(catalogue[name]!, own, 0)!;
    const whole = drawn.examination("digits", 0, tokens);
    for (const row of rows(whole)) expect(row.startsWith(places)).toBe(true);
    // A generation knows the tokens so far: the positions of a beginning are the beginning of the positions.
    for (let length = 1; length <= 12; length++) {
      const beginning = rows(drawn.examination("digits", 0, prefix(tokens, length)));
      expect(beginning).toEqual(rows(prefix(whole, length)));
    }
    const trained = drawn.training(0, tokens);
    const offsets = [0, 1, 2].map((row) => trained.data[12 * row]! - whole.data[12 * row]!);
    expect(new Set(offsets).size).toBeGreaterThan(1);
    for (const [index, position] of whole.data.entries()) {
      const offset = offsets[Math.floor(index / 12)]!;
      const moves = digits.includes(tokens.data[index]!) || other > 0;
      expect(trained.data[index]).toBe(position + (moves ? offset : 0));
    }
  });

  test("is learned, and measured by exact match at each length", async () => {
    const sizes = { encodings: ["abacus", "position-coupling", "none"], trainLength: 9, testLengths: [9, 12] };
    const results = await compare(
      { ...options, ...sizes, steps: 40, batch: 8, learningRate: 0.02, evaluationSequences: 5 },
      context({ data: { kind: "task", task: "addition" } }),
    );
    expect(results.problem.measures).toMatchObject([{ value: "exactMatch", label: "exact match", better: "higher" }]);
    for (const run of results.runs) {
      if (run.status === "failed") throw new Error(run.reason);
      expect(run.losses.at(-1)!.loss).toBeLessThan(run.losses[0]!.loss);
      expect(run.lengths.map(({ length, possible }) => [length, possible])).toEqual([
        [9, true],
        [12, true],
      ]);
    }
  });
});

describe("tasks", () => {
  test("are measured by exact match or error rate, for each set of sequences", async () => {
    const sizes = { ...options, encodings: ["rope"], steps: 2, evaluationSequences: 5, testLengths: [8, 32] };
    const copy = await compare(sizes, context({ data: { kind: "task", task: "copy" } }));
    expect(copy.settings.data).toEqual({ kind: "task", task: "copy" });
    expect(copy.problem.measures).toMatchObject([{ value: "exactMatch", label: "exact match", better: "higher" }]);
    const flipFlop = await compare(sizes, context({ data: { kind: "task", task: "flip-flop" } }));
    const labels = ["error rate, in-distribution", "error rate, sparse", "error rate, dense"];
    expect(flipFlop.encodings[0]?.measures.map(({ label }) => label)).toEqual(labels);
    for (const { lengths } of flipFlop.encodings[0]!.measures) {
      for (const summary of lengths) expect(summary.possible && summary.median >= 0 && summary.median <= 1).toBe(true);
    }
  });

  test("refuses unknown tasks and lengths that are too short", async () => {
    const task = (name: string, more = {}) =>
      compare({ ...options, ...more }, context({ data: { kind: "task", task: name } }));
    await expect(task("copi")).rejects.toThrow('unknown task "copi" — did you mean "copy"?');
    await expect(task("passkey")).rejects.toThrow(/the task passkey needs lengths of at least \d+, got 8/);
  });
});
