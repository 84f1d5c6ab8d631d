import { catalogue } from "@relpos/catalogue";
import { bytesSource, type Checkpoint, openAdapter, openCheckpoint } from "@relpos/checkpoints";
import { expectClose } from "@relpos/conformance";
import { exactTensor, type HostTensor } from "@relpos/core";
import { wordVectors } from "@relpos/text";
import { describe, expect, test } from "vitest";
import { loadModel, type TrainEvent, trainModel } from "../../src/language/index.js";
import { memoryRunStore } from "../../src/train/run-store.js";
import { at, labelled, pairs } from "./made-up-data.js";
import { backend, small, taskOf, train } from "./train-small.js";

const scalarOf = (value: number): HostTensor => exactTensor([value], []);

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
