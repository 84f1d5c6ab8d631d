import { check } from "../errors.js";
import { less, neg, where } from "../primitives/operations.js";
import { overHeads, relativePositions } from "./distance.js";
import { defineEncoding, type EncodingWith } from "./encoding.js";
import { type RemappedRotaryOptions, rotarySettings, turning } from "./remapped-rotary.js";
import { logTemperature } from "./temperature.js";

export interface ReropeOptions extends RemappedRotaryOptions {
  /** w: distances below it stay as they are. Default 512. */
  readonly window?: number;
  /** k: from the window on distances grow k times as slowly. Default: not at all. */
  readonly leak?: number | undefined;
  /** Training length of the log-n factor on queries; the authors always have it. Default: no factor. */
  readonly trainLength?: number | undefined;
}

function resolve({ window = 512, leak, trainLength }: ReropeOptions) {
  check(window > 0, "rerope", () => `window must be positive, got ${window}`);
  check(leak === undefined || leak >= 1, "rerope", () => `leak must be at least 1, got ${leak}`);
  return { window, leak, trainLength };
}

/** The distance that stands for n = i − j: n below the window, then w, or w + (n − w)/k where it leaks. */
export function reropeDistance(distance: number, options: ReropeOptions = {}): number {
  const { window, leak } = resolve(options);
  if (distance < window) return distance;
  return leak === undefined ? window : window + (distance - window) / leak;
}

/**
 * Rectified rotary positions: distances beyond a window count as the window (ReRoPE), or grow slowly from there (leaky).
 *
 * s_ij = q_i·R(−n)k_j where n = i − j < w, else q_i·R(−w)k_j or q_i·R(−w − (n − w)/k)k_j. Distances are query − key, as
 * the author has them; only keys j ≤ i are meant. Su 2023 (kexue.fm/archives/9708). Agrees with bojone/rerope, log-n
 * factor included where a training length is given.
 */
export function rerope(options: ReropeOptions = {}): EncodingWith<"scores"> {
  const { window, leak, trainLength } = resolve(options);
  return defineEncoding({
    kind: leak === undefined ? "rerope" : "leaky-rerope",
    settings: { ...rotarySettings(options), window, leak, trainLength },
    cache: "raw-keys",
    scores: ({ query, key, queryPositions, keyPositions, products }) => {
      const turn = turning(query.shape[3] as number, options);
      const near = products(turn.at(query, queryPositions), turn.at(key, keyPositions));
      const far =
        leak === undefined
          ? products(turn.by(query, window), turn.by(key, 0))
          : products(
              turn.at(query, queryPositions, { rate: 1 / leak, offset: window - window / leak }),
              turn.at(key, keyPositions, { rate: 1 / leak }),
            );
      const isNear = less(neg(overHeads(relativePositions(queryPositions, keyPositions))), window);
      return where(isNear, near, far);
    },
    ...(trainLength !== undefined && { temperature: logTemperature({ trainLength }).temperature }),
  });
}
