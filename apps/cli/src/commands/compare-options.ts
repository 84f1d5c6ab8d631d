import { type CompareOptions, defaultOptions, tasks } from "@relpos/lab";
import type { Command } from "commander";
import type { BackendRequest } from "../backends/load.js";
import { addFlags, backendFlags, type Flag } from "./flags.js";
import { names, numberFrom, realNumber, wholeNumber, wholeNumbers } from "./parsers.js";

/** What `relpos compare` was asked, as commander gives it. */
export interface CompareFlags extends CompareOptions, BackendRequest {
  readonly text?: string;
  readonly task?: string;
  readonly out: string;
  readonly resume?: true;
  readonly json?: true;
}

const infinity = Number.POSITIVE_INFINITY;
const list = (values: readonly (string | number)[]): string => values.join(",");
const d = defaultOptions;

/** Every option by the heading that it stands under in the help. */
const flags: Readonly<Record<string, readonly Flag[]>> = {
  "What is compared:": [
    {
      flags: "-e, --encodings <names>",
      description: `encodings, with commas between them, or all; \`relpos encodings\` lists them (default: ${list(d.encodings)})`,
      parse: names("--encodings", "rope,alibi"),
    },
    {
      flags: "-s, --seeds <numbers>",
      description: `seeds of weights and batches; each encoding is trained once with each (default: ${list(d.seeds)})`,
      parse: wholeNumbers("--seeds", 0, "0,1,2"),
    },
    { flags: "-t, --text <file>", description: "text to learn, by characters (default: embedded stories)" },
    { flags: "--task <name>", description: `an algorithmic task in place of a text: ${Object.keys(tasks).join(", ")}` },
    {
      flags: "--train-length <tokens>",
      description: `length of the training windows (default: ${d.trainLength})`,
      parse: wholeNumber("--train-length", 2),
    },
    {
      flags: "--test-lengths <tokens>",
      description: "lengths to measure at (default: 1, 2 and 4 times the training length)",
      parse: wholeNumbers("--test-lengths", 2, "64,128,256"),
    },
  ],
  "The model and its training:": [
    {
      flags: "--layers <number>",
      description: `layers of the decoder (default: ${d.layers})`,
      parse: wholeNumber("--layers", 1),
    },
    {
      flags: "--width <number>",
      description: `size of its embeddings, a multiple of the heads (default: ${d.width})`,
      parse: wholeNumber("--width", 1),
    },
    {
      flags: "--heads <number>",
      description: `attention heads (default: ${d.heads})`,
      parse: wholeNumber("--heads", 1),
    },
    {
      flags: "--steps <number>",
      description: `training steps (default: ${d.steps})`,
      parse: wholeNumber("--steps", 1),
    },
    {
      flags: "--batch <number>",
      description: `windows in a batch (default: ${d.batch})`,
      parse: wholeNumber("--batch", 1),
    },
    {
      flags: "--learning-rate <rate>",
      description: `highest learning rate, after the warm-up (default: ${d.learningRate})`,
      parse: realNumber("--learning-rate", 0, infinity, 0.001),
    },
    {
      flags: "--warmup-steps <number>",
      description: "steps in which the learning rate rises (default: a tenth of the steps)",
      parse: wholeNumber("--warmup-steps", 0),
    },
    {
      flags: "--weight-decay <rate>",
      description: `of AdamW, on matrices (default: ${d.weightDecay})`,
      parse: numberFrom("--weight-decay", 0, infinity, 0.1),
    },
  ],
  "How it is measured:": [
    {
      flags: "--evaluation-tokens <number>",
      description: `most held-out tokens of a text to score at each length (default: ${d.evaluationTokens})`,
      parse: wholeNumber("--evaluation-tokens", 1),
    },
    {
      flags: "--evaluation-sequences <number>",
      description: `sequences of a task to answer at each length (default: ${d.evaluationSequences})`,
      parse: wholeNumber("--evaluation-sequences", 1),
    },
    {
      flags: "--sliding-share <share>",
      description: `share of a sliding window that it moves by and that is scored in it (default: ${d.slidingShare})`,
      parse: realNumber("--sliding-share", 0, 1, 0.25),
    },
  ],
  "Where it runs and writes:": [
    { flags: "-o, --out <folder>", description: "new or empty folder for results", default: "relpos-compare" },
    { flags: "--resume", description: "go on with the comparison in --out; the other options must be the same" },
    ...backendFlags,
    { flags: "--json", description: "print the results as JSON in place of the table" },
  ],
};

/** Adds every option of `relpos compare`, under its heading. */
export function addCompareOptions(command: Command): Command {
  return addFlags(command, flags);
}

const settingNames = [
  "encodings",
  "seeds",
  "trainLength",
  "testLengths",
  "layers",
  "width",
  "heads",
  "steps",
  "batch",
  "learningRate",
  "warmupSteps",
  "weightDecay",
  "evaluationTokens",
  "evaluationSequences",
  "slidingShare",
] as const satisfies readonly (keyof CompareOptions)[];

/** The flags that are settings of the comparison. */
export function compareOptionsOf(given: CompareFlags): CompareOptions {
  return Object.fromEntries(settingNames.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
}
