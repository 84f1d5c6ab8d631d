import {
  type LanguageTaskName,
  languageTasks,
  type TrainOptions,
  tokenizerNames,
  trainDefaults,
} from "@relpos/lab/language";
import { textEncodings } from "@relpos/text";
import type { BackendRequest } from "../backends/load.js";
import { labelFormats, type ReadFlags } from "../records/read-flags.js";
import { backendFlags, type Flag } from "./flags.js";
import { parseLora } from "./parse-lora.js";
import { numberFrom, oneOf, realNumber, wholeNumber } from "./parsers.js";

/** What `relpos train` was asked, as commander gives it. */
export interface TrainFlags extends Omit<TrainOptions, "tokenizer">, BackendRequest, ReadFlags {
  readonly data: string;
  readonly validation?: string;
  readonly test?: string;
  readonly tokenizer?: string;
  readonly from?: string;
  readonly vectors?: string;
  readonly out: string;
  readonly resume?: true;
  readonly saveEvery: number;
  readonly json?: true;
}

const infinity = Number.POSITIVE_INFINITY;
const tasks = Object.keys(languageTasks) as readonly LanguageTaskName[];
const d = trainDefaults("classify");

/** `default: 64; qa 256`, for a setting whose default differs by task. */
function defaultOf(name: keyof typeof d): string {
  const usual = d[name];
  const others = tasks.filter((task) => trainDefaults(task)[name] !== usual);
  return `default: ${[usual, ...others.map((task) => `${task} ${trainDefaults(task)[name]}`)].join("; ")}`;
}

const whole = (flags: string, words: string, description: string, minimum = 1): Flag => ({
  flags: `${flags} ${words}`,
  description,
  parse: wholeNumber(flags, minimum),
});
const real = (
  flags: string,
  words: string,
  description: string,
  above: number,
  most: number,
  example: number,
): Flag => ({
  flags: `${flags} ${words}`,
  description,
  parse: realNumber(flags, above, most, example),
});
/** As `real`, with zero among what may be chosen. */
const fromZero = (flags: string, words: string, description: string, most: number, example: number): Flag => ({
  flags: `${flags} ${words}`,
  description,
  parse: numberFrom(flags, 0, most, example),
});

/** How files are read, for every command that reads records. */
export const readFlags: readonly Flag[] = [
  {
    flags: "--text-encoding <name>",
    description: `of the files: ${textEncodings.join(", ")} (default: utf-8)`,
    parse: oneOf("--text-encoding", textEncodings),
  },
  {
    flags: "--format <name>",
    description: `of the files of classify: ${labelFormats.join(", ")} (default: by the file's name; label-last, behind a tabulator)`,
    parse: oneOf("--format", labelFormats),
  },
  { flags: "--text-column <name>", description: "column or field with the text (default: text)" },
  { flags: "--label-column <name>", description: "column or field with the label (default: label)" },
  {
    flags: "--on-error <what>",
    description: "wrong records: throw, or skip and count them (default: throw)",
    parse: oneOf("--on-error", ["throw", "skip"]),
  },
  whole("--limit", "<records>", "read only the first so many records of each file; not of lm (default: all)"),
  {
    flags: "--language <name>",
    description: "en or zh: how answers and translations are compared (default: en)",
    parse: oneOf("--language", ["en", "zh"]),
  },
  whole("--beams", "<number>", "hypotheses that a translation keeps (default: 4)"),
  whole("--answers", "<number>", "conversations that are answered at an examination of dialogue (default: 40)"),
  whole("--answer-length", "<tokens>", "tokens of an answer to a question at most (default: 30)"),
  {
    flags: "--stream",
    description: "leave a text of lm in its file, as is done from 64 MiB on: memory stays the same",
  },
];

/** Every option by the heading that it stands under in the help. */
export const trainFlags: Readonly<Record<string, readonly Flag[]>> = {
  "What is learned:": [
    {
      flags: "-d, --data <file>",
      description: "training data; translate takes two files with a comma between them; .gz is unpacked",
    },
    {
      flags: "--validation <file>",
      description: "data that chooses the best weights (default: the last tenth of --data)",
    },
    { flags: "--test <file>", description: "data that is measured at the end (default: that of --validation)" },
    ...readFlags,
    { flags: "--multi-label", description: "a text may have several labels, with commas between them, or none" },
    {
      flags: "--tokenizer <name>",
      description: `${tokenizerNames.join(", ")}, or a folder with a tokenizer.json (${defaultOf("tokenizer")})`,
    },
    whole("--vocabulary-size", "<number>", `most tokens (${defaultOf("vocabularySize")})`),
    whole("--min-frequency", "<number>", `rarer words are unknown (${defaultOf("minFrequency")})`),
    {
      flags: "--vectors <file>",
      description: "word vectors to begin with: GloVe, fastText or word2vec text, .bin, .safetensors, each as .gz too",
    },
    { flags: "--freeze-embeddings", description: "words that have a vector keep it; other words are trained" },
    {
      flags: "--from <folder>",
      description:
        "a model to go on from, with its tokenizer: of relpos train, or any checkpoint as Hugging Face has it; a new head where it has none",
    },
    {
      flags: "--lora <settings>",
      description:
        "train small changes of the weights of --from, saved as PEFT does: rank=8,alpha=16,targets=q_proj+v_proj,dropout=0.05; targets=all-linear for all",
      parse: parseLora,
    },
  ],
  "The model:": [
    {
      flags: "-e, --encoding <name>",
      description: `position encoding; \`relpos encodings\` lists them (${defaultOf("encoding")})`,
    },
    whole("--layers", "<number>", defaultOf("layers")),
    whole("--width", "<number>", `size of its embeddings (${defaultOf("width")})`),
    whole("--heads", "<number>", `attention heads (${defaultOf("heads")})`),
    whole("--length", "<tokens>", `most tokens of a sequence (${defaultOf("length")})`, 2),
  ],
  "The training:": [
    real("--epochs", "<number>", `passes over the data (${defaultOf("epochs")})`, 0, infinity, 3),
    whole("--steps", "<number>", "training steps, in place of --epochs"),
    whole("--batch", "<number>", `sequences in a batch (${defaultOf("batch")})`),
    whole("--accumulate", "<parts>", "cut each batch into parts, one after another: less memory (default: 1)"),
    {
      flags: "--optimizer <name>",
      description: "adamw or sgd (default: adamw)",
      parse: oneOf("--optimizer", ["adamw", "sgd"]),
    },
    real(
      "--learning-rate",
      "<rate>",
      `highest learning rate, after the warm-up (${defaultOf("learningRate")})`,
      0,
      infinity,
      0.001,
    ),
    whole("--warmup-steps", "<number>", "steps in which the learning rate rises (default: a tenth of the steps)", 0),
    fromZero("--weight-decay", "<rate>", `on matrices (${defaultOf("weightDecay")})`, infinity, 0.1),
    fromZero("--dropout", "<share>", defaultOf("dropout"), 0.99, 0.1),
    fromZero("--label-smoothing", "<share>", defaultOf("labelSmoothing"), 0.99, 0.1),
    real("--clip-norm", "<norm>", `largest norm of the gradients (${defaultOf("clipNorm")})`, 0, infinity, 1),
    whole("--evaluate-every", "<steps>", "steps between evaluations (default: a tenth of the steps)"),
    whole(
      "--patience",
      "<number>",
      "evaluations without a better score after which it stops; 0: never (default: 0)",
      0,
    ),
    whole("--seed", "<number>", "of weights, batches and dropout (default: 0)", 0),
  ],
  "Where it runs and writes:": [
    { flags: "-o, --out <folder>", description: "new or empty folder for the model", default: "relpos-model" },
    { flags: "--resume", description: "go on with the training in --out; the other options must be the same" },
    {
      ...fromZero("--save-every", "<seconds>", "seconds between writes of the state", infinity, 10),
      default: 10,
    },
    ...backendFlags,
    { flags: "--json", description: "print the results as JSON in place of the table" },
  ],
};

const optionNames = [
  "lora",
  "encoding",
  "layers",
  "width",
  "heads",
  "length",
  "multiLabel",
  "language",
  "beams",
  "answers",
  "answerLength",
  "vocabularySize",
  "minFrequency",
  "freezeEmbeddings",
  "seed",
  "steps",
  "epochs",
  "batch",
  "accumulate",
  "optimizer",
  "learningRate",
  "warmupSteps",
  "weightDecay",
  "clipNorm",
  "dropout",
  "labelSmoothing",
  "evaluateEvery",
  "patience",
] as const satisfies readonly (keyof TrainOptions)[];

/** The flags that are settings of the training. */
export function trainOptionsOf(given: TrainFlags): TrainOptions {
  return Object.fromEntries(optionNames.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
}
