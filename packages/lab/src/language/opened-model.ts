import type { Backend } from "@relpos/core/backend";
import { require } from "../compare/errors.js";
import { createTranslator, type TranslateOptions } from "./beam-search.js";
import { textRunner } from "./classify.js";
import { type GenerateOptions, generate } from "./generate.js";
import type { LanguageTaskName } from "./model-settings.js";
import { createAnswerer, type FoundAnswer } from "./qa.js";
import type { SavedModel } from "./saved-model.js";
import { tokensOf } from "./sequences.js";
import { softmaxOf } from "./softmax.js";
import { uploadWeights } from "./train-model.js";

/** A class with its probability. */
export interface ScoredLabel {
  readonly label: string;
  readonly probability: number;
}

/** A question about a context. */
export interface Question {
  readonly question: string;
  readonly context: string;
}

/** A trained model on a backend, ready for use. Each use is for models of its task. */
export interface OpenedModel {
  /** The classes of each text, the most probable first; with several labels, each by itself. */
  classify(
    texts: readonly string[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly (readonly ScoredLabel[])[]>;
  /** Where each answer stands in its context; empty where the model finds none. */
  answer(questions: readonly Question[], options?: { readonly signal?: AbortSignal }): Promise<readonly FoundAnswer[]>;
  translate(texts: readonly string[], options?: TranslateOptions): Promise<readonly string[]>;
  /** Text that follows a prompt. */
  generate(prompt: string, options: GenerateOptions): Promise<string>;
  /** Frees the weights and what was compiled. */
  close(): Promise<void>;
}

/** Puts a trained model onto a backend. What a use needs is compiled when it is first asked for. */
export async function openModel<T>(
  backend: Backend<T>,
  { model, weights, tokenizer }: SavedModel,
): Promise<OpenedModel> {
  const parameters = await uploadWeights(backend, weights);
  const { settings } = model;
  const opened: { close(): Promise<void> }[] = [];
  const once = <V extends { close(): Promise<void> }>(make: () => V): (() => V) => {
    let made: V | undefined;
    return () => {
      if (made) return made;
      made = make();
      opened.push(made);
      return made;
    };
  };
  const classifier = once(() => textRunner(backend, model));
  const answerer = once(() => createAnswerer(backend, { model, tokenizer }));
  const translator = once(() => createTranslator(backend, { model, tokenizer }));
  const requireTask = (use: string, ...tasks: readonly LanguageTaskName[]): void => {
    require(tasks.includes(settings.task), () => `the model is one of ${settings.task}, which does not ${use}`, () =>
      `choose a model that was trained for ${tasks.join(" or ")}`);
  };
  return {
    async classify(texts, options = {}) {
      requireTask("classify", "classify");
      const { labels = [], multiLabel = false, length } = settings;
      const tokens = texts.map((text) => tokensOf(tokenizer, text, length));
      const logits = await classifier().logits(parameters, tokens, options);
      return logits.map((row) => {
        const probabilities = multiLabel ? Array.from(row, (logit) => 1 / (1 + Math.exp(-logit))) : softmaxOf(row);
        return probabilities
          .map((probability, index) => ({ label: labels[index]!, probability }))
          .sort((a, b) => b.probability - a.probability);
      });
    },
    async answer(questions, options = {}) {
      requireTask("answer", "qa");
      return answerer().answer(
        parameters,
        questions.map((question) => ({ ...question, answers: [] })),
        options,
      );
    },
    async translate(texts, options) {
      requireTask("translate", "translate");
      return translator().translate(parameters, texts, options);
    },
    async generate(prompt, options) {
      requireTask("generate", "lm", "dialogue");
      const { ids } = tokenizer.encode(prompt);
      require(ids.length > 0, () => "a prompt must have a token, got none", () => "give some text to begin with");
      return tokenizer.decode(await generate({ backend, model, parameters }, ids, options));
    },
    async close() {
      await Promise.all(opened.map((part) => part.close()));
      for (const handle of Object.values(parameters)) backend.dispose(handle);
    },
  };
}
