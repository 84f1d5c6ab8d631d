import { check } from "../errors.js";
import type { LayerSchedule } from "../nn/transformer-options.js";
import type { PositionEncoding } from "./encoding.js";
import { none } from "./none.js";
import { type RopeOptions, rope } from "./rope.js";

export interface EveryOptions {
  /** Which of the layers from the counted end is the first to be chosen, from 1. Default: `every` itself. */
  readonly first?: number;
  /** Default "first": layers are counted from the first one. */
  readonly countedFrom?: "first" | "last";
}

/**
 * One value for every k-th layer, another for the rest: layers k, 2k, 3k, … from 1, or from any other, or from the end.
 *
 * `everyNth(4, global, local)` has Llama 4's, SmolLM3's and Cohere 2's order, `everyNth(3, global, local, { first: 1 })`
 * ModernBERT's, `{ first: 1, countedFrom: "last" }` makes the last layer one of the chosen.
 */
export function everyNth<T>(every: number, chosen: T, others: T, options: EveryOptions = {}): LayerSchedule<T> {
  const { first = every, countedFrom = "first" } = options;
  for (const [name, value] of Object.entries({ every, first })) {
    check(Number.isInteger(value) && value > 0, "everyNth", () => `${name} must be whole and positive, got ${value}`);
  }
  return (layer, layers) => {
    const count = countedFrom === "last" ? layers - layer : layer + 1;
    return count >= first && (count - first) % every === 0 ? chosen : others;
  };
}

/** An encoding in all layers but every k-th, which has none: iRoPE of Llama 4, SmolLM3, RNoPE-SWA. */
export function nopeEvery(
  every: number,
  encoding: PositionEncoding,
  options: EveryOptions = {},
): LayerSchedule<PositionEncoding> {
  return everyNth<PositionEncoding>(every, none(), encoding, options);
}

export interface DualBaseOptions extends EveryOptions {
  /** Every which layer is global: 6 in Gemma 3, 3 in ModernBERT. */
  readonly every: number;
  /** Base, or more settings, of the global layers. */
  readonly global: number | RopeOptions;
  /** Base, or more settings, of the local layers, which usually have a window. */
  readonly local: number | RopeOptions;
}

/**
 * Rotary embeddings with one base in global layers and a smaller one in local layers.
 *
 * Gemma 3: `dualBase({ every: 6, global: 1e6, local: 1e4 })`; ModernBERT: `{ every: 3, first: 1, global: 1.6e5, local: 1e4 }`.
 */
export function dualBase({ every, global, local, ...options }: DualBaseOptions): LayerSchedule<PositionEncoding> {
  const [ofGlobal, ofLocal] = [global, local].map((given) => {
    return rope(typeof given === "number" ? { base: given } : given);
  }) as [PositionEncoding, PositionEncoding];
  return everyNth(every, ofGlobal, ofLocal, options);
}

/** The value that a table has for each layer's type, as `layer_types` of a Hugging Face configuration lists them. */
export function byLayerType<T>(types: readonly string[], table: Readonly<Record<string, T>>): LayerSchedule<T> {
  for (const type of types) {
    check(Object.hasOwn(table, type), "byLayerType", () => {
      return `every type of layer must be one of ${Object.keys(table).join(", ")}, got ${type}`;
    });
  }
  return (layer, layers) => {
    check(
      layers === types.length,
      "byLayerType",
      () => `types must be one for each of ${layers} layers, got ${types.length}`,
    );
    return table[types[layer] as string] as T;
  };
}
