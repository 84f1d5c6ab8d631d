import { check } from "../errors.js";
import { div, less, neg, where } from "../primitives/operations.js";
import { overHeads, relativePositions } from "./distance.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { type RemappedRotaryOptions, rotarySettings, turning } from "./remapped-rotary.js";
import { logTemperature } from "./temperature.js";

export interface SelfExtendOptions extends RemappedRotaryOptions {
  /** G: how many positions share one beyond the window. Default 8. */
  readonly group?: number;
  /** w: distances below it stay as they are. Default 1024. */
  readonly window?: number;
  /** Whether w/G is rounded down, as in the reference's flash decoding. Default `false`, as in its eager code. */
  readonly wholeShift?: boolean;
  /** Training length of a log-n factor on queries, the reference's `scale_base`. Default: no factor. */
  readonly trainLength?: number | undefined;
}

function resolve({ group = 8, window = 1024, wholeShift = false, trainLength }: SelfExtendOptions) {
  check(Number.isInteger(group) && group > 0, "selfExtend", () => `group must be whole and positive, got ${group}`);
  check(Number.isInteger(window) && window > 0, "selfExtend", () => `window must be whole and positive, got ${window}`);
  return {
    group,
    window,
    wholeShift,
    trainLength,
    shift: window - (wholeShift ? Math.floor(window / group) : window / group),
  };
}

/**
 * The distance that a query i sees at a key j ≤ i: i − j below the window, ⌊i/G⌋ − ⌊j/G⌋ + w − w/G from it on.
 *
 * Lengths up to (L − w)·G + w stay within the L distances of training.
 */
export function selfExtendDistance(query: number, key: number, options: SelfExtendOptions = {}): number {
  const { group, window, shift } = resolve(options);
  return query - key < window ? query - key : Math.floor(query / group) - Math.floor(key / group) + shift;
}

/**
 * Self-Extend: rotary positions as they are for near keys and divided by G for far ones, without training.
 *
 * s_ij = q_i·R(j − i)k_j where i − j < w, else q_i·R(⌊j/G⌋ − ⌊i/G⌋ − w + w/G)k_j. Distances are query − key, as in the
 * paper; only keys j ≤ i are meant. Jin et al., arXiv:2401.01325. Agrees with LongLM's eager `self_extend_forward`,
 * which divides w/G as a real number (`wholeShift` for its flash decoding), and leaves the shift out where no query has
 * reached w, which no visible pair notices. The paper has no log-n factor; the code does (`trainLength`).
 */
export function selfExtend(options: SelfExtendOptions = {}): EncodingWith<"scores"> {
  const { group, window, wholeShift, trainLength, shift } = resolve(options);
  return defineEncoding({
    kind: "self-extend",
    settings: { ...rotarySettings(options), group, window, wholeShift, trainLength },
    cache: "raw-keys",
    scores: ({ query, key, queryPositions, keyPositions, products }) => {
      const turn = turning(query.shape[3] as number, options);
      const near = products(turn.at(query, queryPositions), turn.at(key, keyPositions));
      const far = products(
        turn.at(query, div(queryPositions, group), { offset: shift }),
        turn.at(key, div(keyPositions, group)),
      );
      const isNear = less(neg(overHeads(relativePositions(queryPositions, keyPositions))), window);
      return where(isNear, near, far);
    },
    ...(trainLength !== undefined && { temperature: logTemperature({ trainLength }).temperature }),
  });
}
