import { createReferenceBackend } from "@relpos/backend-reference";
import { catalogue } from "@relpos/catalogue";
import { bytesSource, type Checkpoint, openAdapter, openCheckpoint } from "@relpos/checkpoints";
import { openSource } from "@relpos/checkpoints/safetensors";
import { expectClose } from "@relpos/conformance";
import { exactTensor, type HostTensor, randomKey } from "@relpos/core";
import { answerWindows, bestAnswer, type ChatTemplate, pipeline } from "@relpos/pipelines";
import {
  type ChatRecord,
  type LabeledRecord,
  openLargeText,
  type ParallelRecord,
  type QuestionRecord,
  type TextRecord,
  wordVectors,
} from "@relpos/text";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { streamedBatches } from "../src/data/index.js";
import {
  configOf,
  examineWeights,
  type LanguageTask,
  languageModel,
  languageTasks,
  lm,
  loadModel,
  type ModelSettings,
  makeTokenizer,
  maskWords,
  renderTrainReport,
  scoreTable,
  settingsOfConfig,
  sparkline,
  type TrainEvent,
  type TrainOptions,
  trainModel,
  trainTable,
  writtenConversation,
} from "../src/language/index.js";
import { memoryRunStore } from "../src/train/run-store.js";

const scalarOf = (value: number): HostTensor => exactTensor([value], []);

const backend = createReferenceBackend();
afterAll(() => backend.close());

const at = (line: number) => ({ file: "made-up", line });
const small: TrainOptions = {
  layers: 1,
  width: 16,
  heads: 2,
  length: 24,
  batch: 6,
  learningRate: 0.02,
  dropout: 0,
  buckets: 2,
};

const colours = ["red", "blue", "green"];
const things = ["cat", "dog"];
const pairs = colours.flatMap((colour) => things.map((thing) => ({ colour, thing })));

const labelled: readonly LabeledRecord[] = pairs.map(({ colour, thing }, line) => ({
  ...at(line),
  text: `the ${thing} is ${colour} today`,
  labels: [colour],
}));
const texts: readonly TextRecord[] = [{ ...at(1), text: "the cat sat on the mat. a dog ran to the cat. ".repeat(12) }];
const lines: readonly TextRecord[] = labelled.map(({ text }, line) => ({ ...at(line), text }));
const questions: readonly QuestionRecord[] = pairs.map(({ colour, thing }, line) => {
  const context = `here stands a ${thing} that is ${colour} and old`;
  return {
    ...at(line),
    id: String(line),
    title: "",
    context,
    question: "which colour",
    answers: [{ text: colour, start: context.indexOf(colour) }],
  };
});
const parallel: readonly ParallelRecord[] = pairs.map(({ colour, thing }, line) => ({
  ...at(line),
  source: `${colour} ${thing}`,
  target: `${thing} ${colour}`.toUpperCase(),
}));
const chats: readonly ChatRecord[] = pairs.map(({ colour, thing }, line) => ({
  ...at(line),
  messages: [
    { role: "user", content: `a ${colour} ${thing}?` },
    { role: "assistant", content: `yes, ${colour}` },
  ],
}));

interface Learned {
  readonly records: readonly object[];
  readonly options: TrainOptions;
  /** What the measures reach on the data that was learned. */
  readonly measure: string;
  readonly reached: (value: number) => boolean;
}

const learned: Readonly<Record<keyof typeof languageTasks, Learned>> = {
  lm: { records: texts, options: { steps: 60 }, measure: "nats", reached: (nats) => nats < 0.6 },
  classify: { records: labelled, options: { steps: 40 }, measure: "accuracy", reached: (share) => share === 1 },
  qa: {
    records: questions,
    options: { steps: 60, tokenizer: "words" },
    measure: "exactMatch",
    reached: (share) => share > 0.9,
  },
  translate: {
    records: parallel,
    options: { steps: 160, tokenizer: "words", labelSmoothing: 0, batch: 12, learningRate: 0.005, evaluateEvery: 160 },
    measure: "chrf",
    reached: (score) => score > 90,
  },
  dialogue: {
    records: chats,
    options: { steps: 100, tokenizer: "words", width: 32, batch: 12, learningRate: 0.01, evaluateEvery: 50 },
    measure: "reproduced",
    reached: (share) => share > 0.9,
  },
  mlm: {
    records: lines,
    options: { steps: 60, tokenizer: "words" },
    measure: "nats",
    reached: (nats) => nats < 2,
  },
};

const taskOf = (name: keyof typeof languageTasks) => languageTasks[name] as unknown as LanguageTask<readonly object[]>;
const train = (name: keyof typeof languageTasks, options: TrainOptions = {}, store = memoryRunStore()) => {
  const { records, options: own } = learned[name];
  const request = {
    task: taskOf(name),
    options: { ...small, ...own, ...options },
    training: records,
    validation: records,
  };
  return trainModel(request, { backend, store });
};

describe.each(Object.keys(learned) as readonly (keyof typeof learned)[])("%s", (name) => {
  const store = memoryRunStore();
  let results: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    results = await train(name, {}, store);
  });

  test("learns what it is shown", () => {
    const { measure, reached } = learned[name];
    expect(reached(results.result.measures[measure]!), scoreTable(results.result)).toBe(true);
    expect(results.losses.at(-1)!.loss).toBeLessThan(results.losses[0]!.loss);
  });

  test("is saved as a folder that can be loaded, and measured to the same numbers", async () => {
    const { model, weights, tokenizer } = await loadModel(store);
    expect(model.settings).toEqual(results.model);
    const { records } = learned[name];
    const examiner = taskOf(name).examiner(backend, { model, tokenizer, records, options: {} });
    const score = await examineWeights(backend, examiner, weights);
    await examiner.close();
    expect(score.measures).toEqual(results.result.measures);
    expect(await store.read("training.state")).toBeUndefined();
  });

  test("has a report and a table", async () => {
    const page = await renderTrainReport(results);
    expect(page).toContain("training loss by step");
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
    expect(trainTable(results)).toContain(`${name} with rope`);
  });
});

/** What a store holds, as a checkpoint. */
async function opened(store: Pick<ReturnType<typeof memoryRunStore>, "read">): Promise<Checkpoint> {
  const names = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
  const files = await Promise.all(
    names.map(async (name) => [name, bytesSource((await store.read(name))!, name)] as const),
  );
  return openCheckpoint(new Map(files));
}

describe("a training", () => {
  test("is refused where one is already, found finished when resumed, and not resumed with other settings", async () => {
    const store = memoryRunStore();
    const first = await train("classify", { steps: 3 }, store);
    await expect(train("classify", { steps: 3 }, store)).rejects.toThrow("the output holds a training already");
    const request = { task: taskOf("classify"), training: labelled, validation: labelled };
    const options = { ...small, steps: 3 };
    const again = await trainModel({ ...request, options }, { backend, store, resume: true });
    expect(again.weights).toBe(first.weights);
    const other = trainModel({ ...request, options: { ...options, heads: 4 } }, { backend, store, resume: true });
    await expect(other).rejects.toThrow("cannot resume with other settings: heads was 2 and is now 4");
  });

  test("in parts takes the same batches", async () => {
    const [whole, parts] = [
      await train("classify", { steps: 3 }),
      await train("classify", { steps: 3, accumulate: 2 }),
    ];
    expectClose(scalarOf(parts.losses[0]!.loss), scalarOf(whole.losses[0]!.loss), "golden");
  });

  test("goes with every encoding that can do the task", async () => {
    const encodings = ["none", "sinusoidal", "learned", "alibi", "t5", "abacus"].filter((name) => name in catalogue);
    for (const encoding of encodings) {
      const name = catalogue[encoding]!.attention === "causal" ? "lm" : "classify";
      const { result } = await train(name, { steps: 2, encoding });
      expect(Number.isFinite(result.score)).toBe(true);
    }
  });

  test("begins with weights that were pretrained, where they fit", async () => {
    const store = memoryRunStore();
    await train("mlm", { steps: 2 }, store);
    const base = await loadModel(store);
    const request = {
      task: taskOf("classify"),
      options: { batch: 6, dropout: 0, steps: 1, learningRate: 1e-9 },
      training: labelled,
      validation: labelled,
      tokenizer: base.tokenizer,
      from: { checkpoint: await opened(store), name: "base" },
    };
    const tuned = memoryRunStore();
    const { model } = await trainModel(request, { backend, store: tuned });
    expect(model).toMatchObject({ layers: 1, width: 16, length: 24, labels: ["blue", "green", "red"] });
    const { weights } = await loadModel(tuned);
    const shared = "layers.0.feedForward.up.weight";
    expectClose(scalarOf(weights[shared]!.data[0]!), scalarOf(base.weights[shared]!.data[0]!), "goldenSingle");
    const wider = trainModel({ ...request, options: { width: 32 } }, { backend, store: memoryRunStore() });
    await expect(wider).rejects.toThrow("width is that of the checkpoint, 16, got 32");
  });

  test("of low-rank changes leaves the weights of its base, and goes on to the same ones after an interruption", async () => {
    const base = memoryRunStore();
    await train("mlm", { steps: 2 }, base);
    const { tokenizer, weights } = await loadModel(base);
    const tune = async (store: ReturnType<typeof memoryRunStore>, until?: number) => {
      const stop = new AbortController();
      const onEvent = (event: TrainEvent) => {
        if (event.type === "step" && event.step === until) stop.abort();
      };
      const request = {
        task: taskOf("classify"),
        options: { batch: 6, steps: 6, lora: { rank: 2, alpha: 4, targets: "all-linear", dropout: 0.2 } as const },
        training: labelled,
        validation: labelled,
        tokenizer,
        from: { checkpoint: await opened(base), name: "base" },
      };
      return trainModel(request, { backend, store, resume: true, signal: stop.signal, onEvent });
    };
    const files = new Map<string, Uint8Array>();
    const whole = await tune(memoryRunStore(files));
    // A and B of four layers with rank 2, and the head: everything else stays.
    expect(whole.parameters).toBeLessThan(1000);
    const store = memoryRunStore();
    await expect(tune(store, 3)).rejects.toThrow();
    expect((await tune(store)).weights).toBe(whole.weights);
    const names = ["adapter_config.json", "adapter_model.safetensors"];
    const adapter = await openAdapter(new Map(names.map((name) => [name, bytesSource(files.get(name)!, name)])));
    expect(adapter.config.modulesToSave).toEqual(["head.output"]);
    expect((await loadModel(base)).weights).toEqual(weights);
  });

  test("begins with word vectors, and tells how much of the vocabulary they cover", async () => {
    const vectors = wordVectors(
      ["red", "blue"],
      Float32Array.from({ length: 32 }, (_, i) => i / 32),
    );
    const request = {
      task: taskOf("classify"),
      options: { ...small, steps: 1, learningRate: 1e-9 },
      training: labelled,
      validation: labelled,
    };
    const store = memoryRunStore();
    const coverage: unknown[] = [];
    const onEvent = (event: TrainEvent) => event.type === "start" && coverage.push(event.description.coverage?.found);
    await trainModel({ ...request, vectors }, { backend, store, onEvent });
    expect(coverage).toEqual([2]);
    const { weights, tokenizer } = await loadModel(store);
    const row = tokenizer.vocabulary.idOf("blue")! * 16;
    expectClose(scalarOf(weights["embedding.weight"]!.data[row + 3]!), scalarOf(19 / 32), "goldenSingle");
    const frozen = memoryRunStore();
    const options = { ...small, steps: 5, weightDecay: 0.1, freezeEmbeddings: true };
    await trainModel({ ...request, options, vectors }, { backend, store: frozen });
    const kept = (await loadModel(frozen)).weights["embedding.weight"]!.data;
    const [blue, the] = ["blue", "the"].map((word) => tokenizer.vocabulary.idOf(word)! * 16);
    expect([...kept.slice(blue!, blue! + 16)]).toEqual(Array.from({ length: 16 }, (_, i) => (16 + i) / 32));
    expect(kept[the!]).not.toBe(weights["embedding.weight"]!.data[the!]);
    await expect(trainModel({ ...request, options }, { backend, store: memoryRunStore() })).rejects.toThrow(
      "embeddings can be frozen only where word vectors fill them",
    );
    await expect(
      trainModel(
        { ...request, options: { ...request.options, width: 8 }, vectors },
        { backend, store: memoryRunStore() },
      ),
    ).rejects.toThrow("the vectors have 16 numbers and the model's width is 8");
  });

  test("with several labels measures each", async () => {
    const records = pairs.map(({ colour, thing }, line) => ({
      ...at(line),
      text: `${colour} ${thing}`,
      labels: [colour, thing],
    }));
    const request = {
      task: taskOf("classify"),
      options: { ...small, steps: 60, multiLabel: true },
      training: records,
      validation: records,
    };
    const { result } = await trainModel(request, { backend, store: memoryRunStore() });
    expect(result.measures.microF1).toBeGreaterThan(0.9);
  });
});

test("questions without an answer are learned as such", async () => {
  const without = questions.map((record) => ({ ...record, id: `no-${record.id}`, question: "how much", answers: [] }));
  const records = [...questions, ...without];
  const options = { ...small, steps: 90, tokenizer: "words" as const, batch: 12 };
  const request = { task: taskOf("qa"), options, training: records, validation: records };
  const { result } = await trainModel(request, { backend, store: memoryRunStore() });
  expect(result.measures.exactMatch).toBeGreaterThan(0.9);
  expect(result.predictions!.slice(questions.length)).toEqual(without.map(() => ""));
});

describe("a text that stays in its file", () => {
  const text = texts[0]!.text.repeat(4);
  const open = () => openLargeText(openSource(new TextEncoder().encode(text)));

  test("is trained on, and gone on with where it was left", async () => {
    const request = { task: lm, options: { ...small, steps: 20 }, training: await open(), validation: texts };
    const whole = await trainModel(request, { backend, store: memoryRunStore(), residentBytes: () => 7 });
    expect(whole.losses.at(-1)!.loss).toBeLessThan(whole.losses[0]!.loss);
    const store = memoryRunStore();
    const stop = new AbortController();
    const onEvent = (event: TrainEvent) => event.type === "step" && event.step === 7 && stop.abort();
    const context = { backend, store, residentBytes: () => 7 };
    await expect(trainModel(request, { ...context, onEvent, signal: stop.signal })).rejects.toThrow();
    const resumed = await trainModel({ ...request, training: await open() }, { ...context, resume: true });
    expect(resumed.weights).toBe(whole.weights);
    const lines = new TextDecoder()
      .decode(await store.read("metrics.jsonl"))
      .trim()
      .split("\n");
    expect(lines.filter((line) => line.includes('"residentBytes":7'))).toHaveLength(20);
  });

  test("gives windows of it by the step alone, each token with the one that follows", async () => {
    const tokenizer = await makeTokenizer("bytes", [], { vocabularySize: 300 });
    const batches = streamedBatches({
      text: await open(),
      encode: (piece) => tokenizer.encode(piece).ids,
      length: 12,
      batch: 5,
      key: randomKey(3),
    });
    expect(Math.round(batches.windows)).toBe(Math.round(text.length / 12));
    const { tokens, labels } = await batches.batch(4);
    expect(await batches.batch(4)).toEqual({ tokens, labels });
    for (let row = 0; row < 5; row++) {
      const own = (data: HostTensor) => tokenizer.decode(data.data.slice(12 * row, 12 * (row + 1)) as Int32Array);
      expect(text).toContain(own(tokens));
      expect(own(labels).slice(0, -1)).toBe(own(tokens).slice(1));
    }
  });
});

describe("what a training saves is used by pipelines", () => {
  const trained = async (name: keyof typeof languageTasks, options: TrainOptions = {}) => {
    const files = new Map<string, Uint8Array>();
    await train(name, { steps: 2, ...options }, memoryRunStore(files));
    return new Map([...files].map(([file, bytes]) => [file, bytesSource(bytes, file)]));
  };

  test("text is written beyond the length of the training, with positions that are counted or drawn", async () => {
    for (const encoding of ["alibi", "abacus"]) {
      await using write = await pipeline("text-generation", await trained("lm", { encoding }), { backend });
      const [made] = await write("the cat", { maxNewTokens: 40, doSample: false });
      expect(made?.generatedText.length).toBeGreaterThan("the cat".length + 30);
    }
  });

  test("a conversation is answered by the form that it was trained in", async () => {
    const files = await trained("dialogue", { tokenizer: "words" });
    await using answer = await pipeline("text-generation", files, { backend });
    const messages = [{ role: "user", content: "a red cat?" }];
    const [made] = await answer(messages, { maxNewTokens: 3 });
    expect(made?.generatedText).toMatchObject([...messages, { role: "assistant" }]);
  });

  test("classes, answers, translations and hidden words", async () => {
    await using classify = await pipeline("text-classification", await trained("classify"), { backend });
    const [best] = await classify("the cat is red");
    expect(colours).toContain(best?.label);
    await using answer = await pipeline("question-answering", await trained("qa", { tokenizer: "words" }), { backend });
    const found = await answer({ question: "which colour", context: questions[0]!.context });
    expect(questions[0]!.context.slice(found.start, found.end)).toBe(found.answer);
    await using translate = await pipeline("translation", await trained("translate", { tokenizer: "words" }), {
      backend,
    });
    expect(await translate(["red cat"], { maxNewTokens: 4, numBeams: 2 })).toHaveLength(1);
    await using fill = await pipeline("fill-mask", await trained("mlm", { tokenizer: "words" }), { backend });
    expect(await fill("the [MASK] is red", { topK: 3 })).toHaveLength(3);
  });
});

describe("bad data is named", () => {
  const classify = taskOf("classify");
  const refused = (records: readonly object[], validation = records) =>
    trainModel({ task: classify, options: small, training: records, validation }, { backend, store: memoryRunStore() });

  test("one class only", async () => {
    await expect(refused(labelled.slice(0, 2))).rejects.toThrow('training needs at least two classes, got only "red"');
  });

  test("a label that was not trained", async () => {
    const other = [{ ...at(7), text: "x", labels: ["pink"] }];
    await expect(refused(labelled, other)).rejects.toThrow(
      'the label "pink" is not one that was trained: blue, green, red (made-up, line 7)',
    );
  });

  test("several labels where one is expected", async () => {
    await expect(refused([...labelled, { ...at(9), text: "x", labels: ["red", "blue"] }])).rejects.toThrow(
      "a text has 2 labels (made-up, line 9)",
    );
  });

  test("an answer that is not where its offset says", async () => {
    const wrong = { ...questions[0]!, answers: [{ text: "red", start: 0 }] };
    const request = { task: taskOf("qa"), options: small, training: [wrong], validation: [wrong] };
    await expect(trainModel(request, { backend, store: memoryRunStore() })).rejects.toThrow(
      'the answer "red" to 0 does not stand at 0 of its context (made-up, line 0)',
    );
  });

  test("an encoding for the other kind of attention", async () => {
    const causal = Object.values(catalogue).find(({ attention }) => attention === "causal")!;
    await expect(train("classify", { encoding: causal.name })).rejects.toThrow(
      `the encoding ${causal.name} is for causal attention, which classify has not`,
    );
  });

  test("a text shorter than a window", async () => {
    const request = { task: taskOf("lm"), options: small, training: [{ ...at(1), text: "short" }], validation: texts };
    await expect(trainModel(request, { backend, store: memoryRunStore() })).rejects.toThrow(
      "a text must have more than 25 tokens, got 5",
    );
  });
});

test("settings come back from config.json", () => {
  const settings: ModelSettings = {
    task: "classify",
    vocabulary: 50,
    layers: 1,
    width: 16,
    heads: 2,
    feedForward: 64,
    length: 24,
    encoding: "t5",
    digits: [3, 4],
    pad: 0,
    labels: ["no", "yes"],
    multiLabel: false,
  };
  expect(settingsOfConfig(JSON.parse(JSON.stringify(configOf(settings))))).toEqual(settings);
  expect(languageModel(settings).parameters["head.output.weight"]?.shape).toEqual([2, 16]);
  expect(() => settingsOfConfig({ model_type: "bert" })).toThrow('model_type must be "relpos", got "bert"');
});

describe("windows of a context", () => {
  test("overlap, and hold the answer in one of them at least", async () => {
    const tokenizer = await makeTokenizer(
      "words",
      questions.map(({ context, question }) => `${context} ${question}`),
      {
        vocabularySize: 100,
      },
    );
    const context = `${"old ".repeat(30)}red ${"old ".repeat(30)}`;
    const record = { context, question: "which colour", answers: [{ text: "red", start: 120 }] };
    const windows = answerWindows(record, 0, tokenizer, { length: 24 });
    expect(windows.every(({ tokens }) => tokens.length <= 24)).toBe(true);
    const holding = windows.filter(({ answer }) => answer.start > 0);
    expect(holding.length).toBeGreaterThan(0);
    for (const window of holding) {
      const { start, end } = bestAnswer(
        window,
        (place) => (place === window.answer.start ? 1 : 0),
        (place) => (place === window.answer.end ? 1 : 0),
      );
      expect(context.slice(start, end)).toBe("red");
    }
    // The first token's scores are those of no answer.
    expect(
      bestAnswer(
        windows[0]!,
        (place) => (place === 0 ? 5 : 0),
        () => 0,
      ),
    ).toMatchObject({ start: 0, end: 0 });
  });
});

test("a chat template says which tokens of a conversation are the assistant's", async () => {
  const tokenizer = await makeTokenizer("characters", ["[]uahi bye!"], { vocabularySize: 50 });
  const write: ChatTemplate = (messages, { complete = false } = {}) =>
    messages.map(({ role, content }) => `[${role[0]}${content}]`).join("") + (complete ? "" : "[a");
  const form = writtenConversation(tokenizer, write);
  const messages = [
    { role: "user", content: "hi" },
    { role: "assistant", content: "hi!" },
    { role: "user", content: "bye" },
    { role: "assistant", content: "bye!" },
  ];
  const { ids, counts } = form.whole(messages);
  expect(tokenizer.decode(ids)).toBe("[uhi][ahi!][ubye][abye!]");
  expect(tokenizer.decode(ids.filter((_, place) => counts[place] === 1))).toBe("hi!]bye!]");
  expect(tokenizer.decode(form.prompt(messages.slice(0, 1)))).toBe("[uhi][a");
});

test("words are hidden whole, and only they are labels", async () => {
  const tokenizer = await makeTokenizer("characters", ["abcdef"], { vocabularySize: 50 });
  const tokens = tokenizer.encode("abcdefabcdef").ids;
  const words = tokens.map((_, place) => Math.floor(place / 3));
  const masked = maskWords({ tokens, words }, tokenizer, randomKey(3));
  const chosen = [...masked.labels.keys()].filter((place) => masked.labels[place] !== -1);
  expect(chosen.length).toBe(3);
  expect(new Set(chosen.map((place) => words[place])).size).toBe(1);
  for (const place of chosen) expect(masked.labels[place]).toBe(tokens[place]);
  for (const [place, token] of masked.tokens.entries()) if (!chosen.includes(place)) expect(token).toBe(tokens[place]);
});

test("a curve as a line of text goes from the lowest to the highest", () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe("▁▂▃▄▅▆▇█");
  expect(sparkline([1, 1], 8)).toBe("▁▁");
  expect(
    sparkline(
      Array.from({ length: 80 }, (_, i) => -i),
      4,
    ),
  ).toBe("█▆▃▁");
});
