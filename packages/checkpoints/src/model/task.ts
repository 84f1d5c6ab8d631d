import { check } from "@relpos/core";

/** What a model is for, and with it which head it has. */
export type Task =
  | "causal-lm"
  | "masked-lm"
  | "seq2seq-lm"
  | "sequence-classification"
  | "token-classification"
  | "question-answering"
  | "image-classification"
  | "features";

/** Endings of Hugging Face's class names. */
const endings: readonly (readonly [ending: RegExp, task: Task])[] = [
  [/ForCausalLM$|LMHeadModel$/, "causal-lm"],
  [/ForMaskedLM$/, "masked-lm"],
  [/ForConditionalGeneration$/, "seq2seq-lm"],
  [/ForSequenceClassification$/, "sequence-classification"],
  [/ForTokenClassification$/, "token-classification"],
  [/ForQuestionAnswering(Simple)?$/, "question-answering"],
  [/ForImageClassification$/, "image-classification"],
  [/Model$/, "features"],
];

/** The task of a class of transformers, such as `BertForMaskedLM`. Errors when it is none that relpos has. */
export function taskOf(architecture: string): Task {
  const found = endings.find(([ending]) => ending.test(architecture))?.[1];
  check(found, "openCheckpoint", () => {
    return `architecture must be a language model, a classifier, question answering or a bare model, got ${architecture}`;
  });
  return found;
}
