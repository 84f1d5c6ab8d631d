import { openSource } from "@relpos/checkpoints/safetensors";
import { type HostTensor, randomKey } from "@relpos/core";
import { openLargeText } from "@relpos/text";
import { describe, expect, test } from "vitest";
import { streamedBatches } from "../../src/data/index.js";
import { lm, makeTokenizer, type TrainEvent, trainModel } from "../../src/language/index.js";
import { memoryRunStore } from "../../src/train/run-store.js";
import { texts } from "./made-up-data.js";
import { backend, small } from "./train-small.js";

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
