import { checkSizes } from "../train/check-sizes.js";
import { require } from "./errors.js";
import { nearest } from "./nearest.js";
import type { CompareSettings } from "./results.js";

/** What a comparison may be asked; every choice has a default. The data and the backend are chosen beside it. */
export type CompareOptions = Partial<Omit<CompareSettings, "data" | "backend">>;

/** Defaults that end in about a minute on two cores, and still show who holds up beyond the training length. */
export const defaultOptions: Required<CompareOptions> = {
  encodings: ["none", "sinusoidal", "learned", "rope", "alibi", "t5"],
  seeds: [0],
  trainLength: 64,
  testLengths: [64, 128, 256],
  layers: 2,
  width: 64,
  heads: 4,
  steps: 300,
  batch: 32,
  learningRate: 0.003,
  warmupSteps: 30,
  learningRateFloor: 0.1,
  weightDecay: 0.1,
  clipNorm: 1,
  evaluationTokens: 16384,
  evaluationSequences: 200,
  slidingShare: 0.25,
};

/** Options with every default filled in, warm-up and sizes of evaluation fitted to the rest, and checked. */
export function completeOptions(options: CompareOptions, knownEncodings: readonly string[]): Required<CompareOptions> {
  const steps = options.steps ?? defaultOptions.steps;
  const trainLength = options.trainLength ?? defaultOptions.trainLength;
  const completed: Required<CompareOptions> = {
    ...defaultOptions,
    testLengths: [1, 2, 4].map((factor) => factor * trainLength),
    warmupSteps: Math.floor(steps / 10),
    ...definedOnly(options),
  };
  checkOptions(completed, knownEncodings);
  return completed;
}

function definedOnly(options: CompareOptions): CompareOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

const wholeNumbers = [
  "trainLength",
  "layers",
  "width",
  "heads",
  "steps",
  "batch",
  "evaluationTokens",
  "evaluationSequences",
] as const satisfies readonly (keyof CompareOptions)[];

const positiveNumbers = ["learningRate", "clipNorm"] as const satisfies readonly (keyof CompareOptions)[];

const mostExamined = 2 ** 28;

function checkOptions(options: Required<CompareOptions>, knownEncodings: readonly string[]): void {
  for (const name of wholeNumbers) {
    const value = options[name];
    require(Number.isInteger(value) && value > 0, () => `${name} is a whole number above 0, got ${value}`, () =>
      `try ${defaultOptions[name]}`);
  }
  for (const name of positiveNumbers) {
    const value = options[name];
    require(Number.isFinite(value) && value > 0, () => `${name} is a number above 0, got ${value}`, () =>
      `try ${defaultOptions[name]}`);
  }
  const { slidingShare } = options;
  require(slidingShare > 0 && slidingShare <= 1, () =>
    `slidingShare is above 0 and at most 1, got ${slidingShare}`, () => "try 0.25");
  const { warmupSteps, steps } = options;
  require(Number.isInteger(warmupSteps) && warmupSteps >= 0 && warmupSteps < steps, () =>
    `warmupSteps is a whole number from 0 to below the ${steps} steps, got ${warmupSteps}`, () =>
    `try ${Math.floor(steps / 10)}`);
  checkList("encodings", options.encodings);
  checkList("seeds", options.seeds);
  checkList("testLengths", options.testLengths);
  for (const name of options.encodings) {
    require(knownEncodings.includes(name), () => `unknown encoding "${name}"`, () => suggestion(name, knownEncodings));
  }
  for (const seed of options.seeds) {
    require(Number.isSafeInteger(seed) && seed >= 0, () => `a seed is a whole number from 0, got ${seed}`, () =>
      "for example seeds 0,1,2");
  }
  for (const length of options.testLengths) {
    require(Number.isInteger(length) && length > 1, () =>
      `a test length is a whole number above 1, got ${length}`, () => "for example 64,128,256");
  }
  const { width, heads } = options;
  require(width % heads === 0, () => `heads must divide width, got width ${width} and ${heads} heads`, () =>
    `try width ${Math.ceil(width / heads) * heads}`);
  require(options.trainLength > 1, () => "the training length is at least 2, got 1", () =>
    `try ${defaultOptions.trainLength}`);
  checkSizes({ ...options, length: options.trainLength });
  const examined = options.evaluationSequences * Math.max(...options.testLengths);
  require(examined <= mostExamined, () =>
    `the sequences of a task have at most ${mostExamined.toLocaleString("en-US")} tokens at a length, got ${examined.toLocaleString("en-US")}`, () =>
    "try shorter test lengths, or fewer evaluation sequences");
}

function checkList(name: string, values: readonly unknown[]): void {
  require(values.length > 0, () => `${name} is empty`, () => "name at least one");
  const double = values.find((value, index) => values.indexOf(value) !== index);
  require(double === undefined, () => `${name} has ${String(double)} twice`, () => "name each once");
}

/** `did you mean "rope"? known: …`. */
export function suggestion(word: string, known: readonly string[]): string {
  const guess = nearest(word, known);
  return `${guess ? `did you mean "${guess}"? ` : ""}${knownNames(known)}`;
}

const mostNames = 16;

/** `known: …`, cut off where there are many. */
export function knownNames(names: readonly string[]): string {
  const shown = names.slice(0, mostNames).join(", ");
  return names.length > mostNames ? `known: ${shown} and ${names.length - mostNames} more` : `known: ${shown}`;
}

/** The first entry in which two sets of settings differ, in words, or undefined when they are equal. */
export function settingsDifference(
  stored: Readonly<Record<string, unknown>>,
  asked: Readonly<Record<string, unknown>>,
): string | undefined {
  const names = new Set([...Object.keys(stored), ...Object.keys(asked)]);
  for (const name of names) {
    const [was, is] = [canonical(stored[name]), canonical(asked[name])];
    if (was !== is) return `${name} was ${was} and is now ${is}`;
  }
  return undefined;
}

/** JSON with sorted keys: equal text for equal values. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ) ?? "undefined"
  );
}
