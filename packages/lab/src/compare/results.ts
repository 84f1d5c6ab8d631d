import type { BackendDetails } from "@relpos/core/backend";

/**
 * What a comparison writes: one plain JSON value with every setting, seed, version, timing and number. The report, the
 * terminal table and `--json` read nothing else.
 */

/** All results of one comparison, as in `results.json`. */
export interface CompareResults {
  readonly format: "relpos-compare";
  readonly formatVersion: 1;
  /** When the comparison ended, ISO 8601. */
  readonly createdAt: string;
  readonly settings: CompareSettings;
  readonly environment: Environment;
  readonly problem: ProblemDescription;
  /** In the order of the settings. */
  readonly encodings: readonly EncodingResults[];
  /** Every run, seeds first: all encodings of the first seed, then of the next. */
  readonly runs: readonly RunResult[];
}

/** Everything that the numbers depend on. Two comparisons with equal settings on one machine give equal numbers. */
export interface CompareSettings {
  readonly encodings: readonly string[];
  readonly seeds: readonly number[];
  readonly data: DataSettings;
  readonly trainLength: number;
  readonly testLengths: readonly number[];
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly warmupSteps: number;
  /** Share of the peak learning rate that is left at the last step. */
  readonly learningRateFloor: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
  /** Most tokens of a text that are scored at each length, the same ones at every length. */
  readonly evaluationTokens: number;
  /** Sequences of a task that are answered at each length. */
  readonly evaluationSequences: number;
  /** Share of a sliding window that it moves by, and that is scored in it. */
  readonly slidingShare: number;
  readonly backend: BackendSettings;
}

/** The backend by its name, with what it was made with. */
export interface BackendSettings {
  readonly name: string;
  readonly [setting: string]: string | number;
}

/** Which data: a text by its checksum, the embedded stories, or a task. */
export type DataSettings =
  | { readonly kind: "text"; readonly name: string; readonly characters: number; readonly digest: string }
  | { readonly kind: "stories"; readonly seed: number; readonly characters: number }
  | { readonly kind: "task"; readonly task: string };

/** What the comparison ran on. Nothing here changes the settings; some of it changes the timings. */
export interface Environment {
  readonly versions: Readonly<Record<string, string>>;
  /** What the backend says of itself: its runtime's version, threads, the name of a GPU. */
  readonly backend: BackendDetails;
  /** What is known of it: a browser tells less than Node. */
  readonly machine: Partial<Machine>;
  /** The command line that repeats the comparison, when there was one. */
  readonly command?: string;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
}

/** The data in words and numbers, and what is measured on it. */
export interface ProblemDescription {
  readonly title: string;
  /** One sentence for the report. */
  readonly summary: string;
  readonly vocabulary: number;
  readonly measures: readonly Measure[];
}

/** A number that the tables and plots show: one field of the score of one examination. */
export interface Measure {
  readonly examination: string;
  readonly value: ScoreField;
  readonly label: string;
  /** One sentence for the report. */
  readonly explanation: string;
  readonly better: "lower" | "higher";
}

/** What one examination gives: sums over all its scored tokens and windows. */
export interface Score {
  readonly windows: number;
  readonly tokens: number;
  readonly nats: number;
  readonly perplexity: number;
  /** Share of the scored tokens predicted wrongly. */
  readonly errorRate: number;
  /** Share of windows in which every scored token is predicted rightly. */
  readonly exactMatch: number;
}

export type ScoreField = "nats" | "perplexity" | "errorRate" | "exactMatch";

/** Scores at one length, or why there are none. */
export type LengthResult =
  | {
      readonly length: number;
      readonly possible: true;
      /** By name of the examination. */
      readonly scores: Readonly<Record<string, Score>>;
      /** Mean nats of the first examination at each position of the window; null where nothing is scored. */
      readonly natsByPosition: readonly (number | null)[];
    }
  | { readonly length: number; readonly possible: false; readonly reason: string };

export interface RunTimings {
  readonly trainMillisecondsPerStep: number;
  readonly trainMilliseconds: number;
  readonly evaluateMilliseconds: number;
}

/** One model: one encoding, one seed. */
export type RunResult = RunIdentity &
  (
    | {
        readonly status: "finished";
        readonly parameters: number;
        /** Mean training loss of each group of steps; `step` is the last step of the group, counted from 1. */
        readonly losses: readonly LossPoint[];
        readonly lengths: readonly LengthResult[];
        readonly picture: EncodingPicture;
        readonly timings: RunTimings;
        /** Checksum of the final weights, to compare runs bit by bit. */
        readonly weights: string;
      }
    | { readonly status: "failed"; readonly step: number; readonly reason: string }
  );

export interface RunIdentity {
  readonly encoding: string;
  readonly seed: number;
}

export interface LossPoint {
  readonly step: number;
  readonly loss: number;
}

/** What an encoding does, in numbers that can be drawn. Each part is there when the encoding has the hook. */
export interface EncodingPicture {
  /** Whether trained parameters made it, so that it differs from seed to seed. */
  readonly trained?: boolean;
  /** Bias on the attention scores: [heads][queries][keys] at some positions, and [heads][distances] for the last query. */
  readonly bias?: {
    readonly positions: readonly number[];
    readonly heads: readonly (readonly (readonly number[])[])[];
    readonly distances: readonly number[];
    readonly byDistance: readonly (readonly number[])[];
  };
  /** Mean of ⟨R(n)e, R(0)e⟩ over unit vectors e, by distance n: for rotations, the mean cosine over frequencies. */
  readonly decay?: { readonly distances: readonly number[]; readonly values: readonly number[] };
  /** Cosines between position vectors, [positions][positions]. */
  readonly gram?: { readonly positions: readonly number[]; readonly values: readonly (readonly number[])[] };
}

/** What tables of measures read: of a comparison, or of anything else that has measures by length. */
export interface MeasuredRows {
  /** `seeds` is empty where nothing was drawn. */
  readonly settings: Pick<CompareSettings, "testLengths" | "trainLength" | "seeds">;
  readonly problem: Pick<ProblemDescription, "measures">;
  readonly encodings: readonly Pick<EncodingResults, "name" | "measures" | "failures">[];
  /** What a row is. Default "encoding". */
  readonly subject?: string;
}

/** One encoding over all seeds. */
export interface EncodingResults {
  readonly name: string;
  readonly summary: string;
  readonly kind: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly finishedSeeds: readonly number[];
  readonly failures: readonly { readonly seed: number; readonly step: number; readonly reason: string }[];
  /** One for each measure of the problem, in its order. */
  readonly measures: readonly MeasureSummary[];
}

export interface MeasureSummary {
  readonly label: string;
  readonly lengths: readonly LengthSummary[];
}

/** Median and spread over seeds at one length, or why there is none. */
export type LengthSummary =
  | {
      readonly length: number;
      readonly possible: true;
      readonly median: number;
      readonly minimum: number;
      readonly maximum: number;
    }
  | { readonly length: number; readonly possible: false; readonly reason: string };
