import { type CatalogueEntry, catalogue } from "@relpos/catalogue";
import type { CacheClass, EncodingShape, Hook, PositionEncoding } from "@relpos/core/encodings";
import { findEncoding } from "../compare/encoding-names.js";
import { type InitialValues, initialValuesOf } from "./initial-values.js";

/** Everything known of an encoding, as plain data: the catalogue's words, and what its value says of itself. */
export interface EncodingDescription {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly formula: string;
  readonly tier: number;
  readonly paper: string;
  /** Where the paper is, when it has an arXiv number. */
  readonly link?: string;
  readonly year: number;
  readonly attention: CatalogueEntry["attention"];
  readonly translationInvariant: boolean;
  readonly models: readonly string[];
  readonly verified: CatalogueEntry["verified"];
  readonly hooks: readonly Hook[];
  readonly cache: CacheClass;
  readonly maximumPositions?: number;
  /** Whether positions are counted from 0, or given for each sequence: drawn, or made of its tokens. */
  readonly positions: "counted" | "given";
  readonly parameters: readonly ParameterDescription[];
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A parameter at the stated size of the model. */
export interface ParameterDescription {
  readonly name: string;
  readonly shape: readonly number[];
  /** Whether it is one for the model or one for each layer. */
  readonly scope: "model" | "layer";
  readonly initial: InitialValues;
}

/** The model that shapes of parameters are stated for. */
export interface ModelSizes extends EncodingShape {
  /** Length that the model is trained at. */
  readonly length: number;
}

/** The sizes that descriptions state where none are given. */
export const defaultSizes: ModelSizes = { width: 256, layers: 4, heads: 4, kvHeads: 4, headSize: 64, length: 256 };

const hooksInOrder = [
  "embed",
  "positions",
  "state",
  "transform",
  "scores",
  "relativeScores",
  "temperature",
  "bias",
  "factors",
  "weights",
  "values",
  "carry",
] as const satisfies readonly Hook[];

/** The hooks that an encoding has, in the order in which attention calls them. */
export function hooksOf(encoding: PositionEncoding): readonly Hook[] {
  return hooksInOrder.filter((hook) => encoding[hook] !== undefined);
}

/** Describes one entry of a catalogue for a size of the model; hooks, cache and parameters are read off its value. */
export function describeEntry(
  entry: CatalogueEntry,
  sizes: ModelSizes = defaultSizes,
  embeddingDeviation = 0.02,
): EncodingDescription {
  const { create, drawPositions, ...words } = entry;
  const encoding = create({
    trainLength: sizes.length,
    causal: entry.attention !== "bidirectional",
    embeddingDeviation,
  });
  const parameters = Object.entries(encoding.parameters?.(sizes) ?? {});
  const number = /^arXiv:(\S+)/.exec(entry.paper)?.[1];
  return {
    ...words,
    ...(number !== undefined && { link: `https://arxiv.org/abs/${number.replace(/[,;.]$/, "")}` }),
    hooks: hooksOf(encoding),
    cache: encoding.cache,
    ...(encoding.maximumPositions !== undefined && { maximumPositions: encoding.maximumPositions }),
    positions: drawPositions ? "given" : "counted",
    parameters: parameters.map(([name, spec]) => ({
      name,
      shape: spec.shape,
      scope: spec.scope ?? encoding.scope ?? "model",
      initial: initialValuesOf(spec),
    })),
    settings: Object.fromEntries(Object.entries(encoding.settings).filter(([, value]) => value !== undefined)),
  };
}

/** Describes the encoding that a name or an alias stands for; errors with the nearest name where there is none. */
export function describeEncoding(word: string, sizes: ModelSizes = defaultSizes): EncodingDescription {
  return describeEntry(findEncoding(word, catalogue), sizes);
}

/** Describes the whole catalogue, or one tier of it. */
export function describeCatalogue(tier?: number, sizes: ModelSizes = defaultSizes): readonly EncodingDescription[] {
  const entries = Object.values(catalogue).filter((entry) => tier === undefined || entry.tier === tier);
  return entries.map((entry) => describeEntry(entry, sizes));
}
