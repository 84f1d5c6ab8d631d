import { bytesSource } from "@relpos/checkpoints";
import { pipeline } from "@relpos/pipelines";
import { describe, expect, test } from "vitest";
import type { languageTasks, TrainOptions } from "../../src/language/index.js";
import { memoryRunStore } from "../../src/train/run-store.js";
import { colours, questions } from "./made-up-data.js";
import { backend, train } from "./train-small.js";

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
