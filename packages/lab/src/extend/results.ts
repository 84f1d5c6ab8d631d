import type { RopeOverride } from "@relpos/checkpoints";
import type { BackendSettings, Environment } from "../compare/results.js";

/**
 * What an extension of a model's context writes: one plain JSON value with every setting and number. The report, the terminal
 * table and `--json` read nothing else.
 */

/** All results, as in `results.json`. */
export interface ExtendResults {
  readonly format: "relpos-extend";
  readonly formatVersion: 1;
  /** When it ended, ISO 8601. */
  readonly createdAt: string;
  readonly settings: ExtendSettings;
  readonly environment: Environment;
  readonly model: ExtendedModel;
  /** In the order of the settings. */
  readonly methods: readonly MethodResults[];
  readonly recommendation: ExtendRecommendation;
}

/** Everything that the numbers depend on. */
export interface ExtendSettings {
  /** What the model was opened from, and the checksum of its configuration. */
  readonly model: { readonly name: string; readonly digest: string };
  readonly text: { readonly name: string; readonly digest: string };
  /** Tokens of the text that are read, the same ones at every length. */
  readonly tokens: number;
  /** Ascending. */
  readonly lengths: readonly number[];
  /** "none" is the model as it is; the others are as `parseRope` reads them. */
  readonly methods: readonly string[];
  /** Share of a window that it moves by, and that is scored in it. */
  readonly slidingShare: number;
  /** Where passkeys stand, from 0 at the beginning to 1 at the end. */
  readonly depths: readonly number[];
  /** Passkeys at each depth and length. */
  readonly keys: number;
  readonly seed: number;
  readonly backend: BackendSettings;
}

/** The model as it is. */
export interface ExtendedModel {
  readonly family: string;
  readonly parameters: number;
  /** Most tokens that it reads without a scaling. */
  readonly contextLength: number;
  /** Kinds of its position encodings. */
  readonly encodings: readonly string[];
}

/** What one method gave, or why the model cannot have it. */
export type MethodResults =
  | {
      readonly name: string;
      readonly possible: true;
      /** What the model was opened with; nothing for the model as it is. */
      readonly rope?: RopeOverride | undefined;
      /** Most tokens that it is meant to read. Default: no limit. */
      readonly contextLength?: number | undefined;
      readonly lengths: readonly MethodAtLength[];
    }
  | { readonly name: string; readonly possible: false; readonly reason: string };

export type PossibleMethod = Extract<MethodResults, { readonly possible: true }>;

/** One method at one length. */
export interface MethodAtLength {
  readonly length: number;
  /** In windows of the length that overlap; each token counts once. */
  readonly sliding: {
    readonly perplexity: number;
    readonly nats: number;
    readonly tokens: number;
    readonly windows: number;
  };
  /** Mean nats of the tokens at positions of all windows, in groups of `positionsPerGroup`. */
  readonly natsByPosition: readonly number[];
  readonly positionsPerGroup: number;
  readonly passkey: PasskeyResults;
  readonly milliseconds: number;
}

/** Passkeys at one length, by depth; or why none can be asked for. */
export type PasskeyResults =
  | {
      readonly possible: true;
      /** Share of keys whose every token is the likeliest, by depth. */
      readonly found: readonly number[];
      /** Mean nats of the keys' tokens, by depth. */
      readonly nats: readonly number[];
    }
  | { readonly possible: false; readonly reason: string };

/** What to read the longest length with. */
export interface ExtendRecommendation {
  readonly method: string;
  /** One sentence that says what to do and why. */
  readonly sentence: string;
}
