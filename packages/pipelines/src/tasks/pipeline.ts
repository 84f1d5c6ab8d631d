/// <reference lib="esnext.disposable" preserve="true" />
// Users get the type of Symbol.asyncDispose along with it, whatever their `lib` is.
import type { Checkpoint, CheckpointSource, Task } from "@relpos/checkpoints";
import { check } from "@relpos/core";
import { openTextGenerator } from "../generation/open-text-generator.js";
import { type FeatureExtraction, featureExtraction } from "./feature-extraction.js";
import { type FillMask, fillMask } from "./fill-mask.js";
import { type OpenedTask, openTask, type PipelineOptions } from "./opened-task.js";
import { type QuestionAnswering, questionAnswering } from "./question-answering.js";
import { type TextClassification, textClassification } from "./text-classification.js";
import { type TextGeneration, textGeneration } from "./text-generation.js";
import { type TokenClassification, tokenClassification } from "./token-classification.js";
import { type TranslationPipeline, translation } from "./translation.js";

/** What a pipeline of a task is called with, and gives. */
export interface PipelineCalls {
  readonly "text-generation": TextGeneration;
  readonly "text-classification": TextClassification;
  readonly "token-classification": TokenClassification;
  readonly "question-answering": QuestionAnswering;
  readonly "fill-mask": FillMask;
  readonly translation: TranslationPipeline;
  readonly "feature-extraction": FeatureExtraction;
}

export type PipelineTask = keyof PipelineCalls;

/** A function of texts that holds a model on a backend. */
export type Pipeline<Name extends PipelineTask> = PipelineCalls[Name] &
  AsyncDisposable & {
    /** Frees the model, not the backend. A second call does nothing. */
    dispose(): Promise<void>;
  };

type Call = (inputs: readonly never[], options?: never) => Promise<readonly unknown[]>;

/** The head of each task, and its function of many inputs. */
const tasks: Readonly<
  Record<Exclude<PipelineTask, "text-generation">, { readonly head: Task; readonly make: (opened: OpenedTask) => Call }>
> = {
  "text-classification": { head: "sequence-classification", make: textClassification },
  "token-classification": { head: "token-classification", make: tokenClassification },
  "question-answering": { head: "question-answering", make: questionAnswering },
  "fill-mask": { head: "masked-lm", make: fillMask },
  translation: { head: "seq2seq-lm", make: translation },
  "feature-extraction": { head: "features", make: featureExtraction },
};

/**
 * A model for a task, as a function of texts: one text gives its result, a list of texts theirs in a list. Names and defaults
 * are those of transformers, in camel case. The model is any that `openCheckpoint` opens, with the task's head; a checkpoint
 * that is given open stays open.
 */
export async function pipeline<Name extends PipelineTask>(
  task: Name,
  model: CheckpointSource | Checkpoint,
  options: PipelineOptions,
): Promise<Pipeline<Name>> {
  check(task === "text-generation" || Object.hasOwn(tasks, task), "pipeline", () => {
    return `task must be one of text-generation, ${Object.keys(tasks).join(", ")}, got ${task}`;
  });
  const { call, dispose } = await (task === "text-generation"
    ? openGeneration(model, options)
    : openOther(tasks[task as Exclude<PipelineTask, "text-generation">], model, options));
  const one = async (inputs: unknown, settings?: unknown): Promise<unknown> => {
    const several = Array.isArray(inputs) && !isConversation(inputs);
    const results = await call((several ? inputs : [inputs]) as unknown as readonly never[], settings as never);
    return several ? results : results[0];
  };
  return Object.assign(one, { dispose, [Symbol.asyncDispose]: dispose }) as unknown as Pipeline<Name>;
}

/** Whether a list is one conversation and not several texts. */
const isConversation = ([first]: readonly unknown[]): boolean =>
  typeof first === "object" && first !== null && "role" in first;

interface Opened {
  readonly call: Call;
  dispose(): Promise<void>;
}

async function openGeneration(model: CheckpointSource | Checkpoint, options: PipelineOptions): Promise<Opened> {
  const generator = await openTextGenerator(model, { ...options, task: "causal-lm" });
  return { call: textGeneration(generator), dispose: () => generator.dispose() };
}

async function openOther(
  { head, make }: (typeof tasks)[keyof typeof tasks],
  model: CheckpointSource | Checkpoint,
  options: PipelineOptions,
): Promise<Opened> {
  const opened = await openTask(model, head, options);
  try {
    return { call: make(opened), dispose: opened.dispose };
  } catch (error) {
    await opened.dispose();
    throw error;
  }
}
