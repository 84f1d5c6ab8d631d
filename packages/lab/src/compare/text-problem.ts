import { digest, foldIn, randomKey } from "@relpos/core";
import {
  characterCorpus,
  nonOverlappingWindows,
  slidingWindows,
  stories,
  targetSpan,
  textBatches,
} from "../data/index.js";
import { digitsOf } from "./digits.js";
import { require } from "./errors.js";
import type { CompareData, Problem, ProblemSizes } from "./problem.js";
import type { DataSettings, ProblemDescription } from "./results.js";

const defaultStories = { seed: 0, characters: 400_000 } as const;

/** Predicting the next character of the embedded stories. */
export function storiesProblem(data: Extract<CompareData, { kind: "stories" }>, sizes: ProblemSizes): Problem {
  const { seed = defaultStories.seed, characters = defaultStories.characters } = data;
  const text = stories({ seed, characters });
  return characterProblem(text, { kind: "stories", seed, characters }, "small English stories made by relpos", sizes);
}

/** Predicting the next character of a text. */
export function textProblem({ name, text }: Extract<CompareData, { kind: "text" }>, sizes: ProblemSizes): Problem {
  return characterProblem(text, { kind: "text", name, characters: text.length, digest: digest(text) }, name, sizes);
}

function characterProblem(text: string, data: DataSettings, title: string, sizes: ProblemSizes): Problem {
  const { trainLength, testLengths, batch, evaluationTokens, slidingShare } = sizes;
  const longest = Math.max(...testLengths);
  require(text.length * 0.9 > trainLength + 1 && text.length * 0.1 > longest + 1, () =>
    `the text is too short for windows of ${Math.max(longest, trainLength)}: it has ${text.length} characters, the last tenth is for measuring`, () =>
    `choose a text of at least ${10 * (Math.max(longest, trainLength) + 2)} characters, or shorter lengths`);
  const { tokenizer, training, validation, dropped } = characterCorpus(text);
  require(validation.length > longest && training.length > trainLength, () =>
    `the text is too short for windows of ${longest}: ${validation.length} characters are left for measuring`, () =>
    "choose a longer text, or shorter lengths");
  const span = targetSpan({ tokens: validation, lengths: testLengths, limit: evaluationTokens });
  return {
    data,
    description: describe(title, tokenizer.vocabulary.length, dropped, span.count, slidingShare),
    digits: digitsOf(tokenizer.vocabulary),
    scoresEveryToken: true,
    trainingBatch: (seed, step) => {
      const key = foldIn(randomKey(seed), "batches");
      return textBatches({ tokens: training, length: trainLength, batch, key }).batch(step);
    },
    examinations: (length) => {
      const window = { tokens: validation, span, length };
      return [
        nonOverlappingWindows(window),
        slidingWindows({ ...window, stride: Math.max(1, Math.floor(length * slidingShare)) }),
      ];
    },
  };
}

function describe(
  title: string,
  vocabulary: number,
  dropped: readonly string[],
  count: number,
  slidingShare: number,
): ProblemDescription {
  const left =
    dropped.length === 0 ? "" : ` Characters that only its last tenth has were left out: ${dropped.join(" ")}.`;
  return {
    title,
    summary: `The next character of a text was predicted (${title}; ${vocabulary} different characters): learned on the first nine tenths, measured on the same ${count.toLocaleString("en-US")} characters of the last tenth at every length.${left}`,
    vocabulary,
    measures: [
      {
        examination: "non-overlapping",
        value: "perplexity",
        label: "perplexity, non-overlapping windows",
        explanation:
          "Windows follow one another, so that a character has from 1 to all of the window's characters before it.",
        better: "lower",
      },
      {
        examination: "sliding",
        value: "perplexity",
        label: "perplexity, sliding windows",
        explanation: `Windows overlap and only the last ${Math.round(100 * slidingShare)} % of each are scored, so that every character has at least the rest before it.`,
        better: "lower",
      },
    ],
  };
}
