import { catalogue } from "@relpos/catalogue";
import { describe, expect, test } from "vitest";
import { trainModel } from "../../src/language/index.js";
import { memoryRunStore } from "../../src/train/run-store.js";
import { at, labelled, questions, texts } from "./made-up-data.js";
import { backend, small, taskOf, train } from "./train-small.js";

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

  test("before anything is trained or written, in the data that is measured at the end too", async () => {
    const other = [{ ...at(7), text: "x", labels: ["pink"] }];
    for (const more of [{ validation: other }, { validation: labelled, test: other }]) {
      const files = new Map<string, Uint8Array>();
      const trained = trainModel(
        { task: classify, options: small, training: labelled, ...more },
        { backend, store: memoryRunStore(files) },
      );
      await expect(trained).rejects.toThrow('the label "pink" is not one that was trained');
      expect([...files.keys()]).toEqual([]);
    }
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
