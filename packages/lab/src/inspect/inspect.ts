import { type CatalogueEntry, catalogue } from "@relpos/catalogue";
import type { Backend } from "@relpos/core/backend";
import type { Hook } from "@relpos/core/encodings";
import { initializeParameters } from "@relpos/core/nn";
import { findEncoding } from "../compare/encoding-names.js";
import { require, SettingsError } from "../compare/errors.js";
import { describeEntry, hooksOf, type ModelSizes } from "./description.js";
import type { Inspection, InspectSettings } from "./inspection.js";
import { measureBias } from "./measure-bias.js";
import { measureEntropy } from "./measure-entropy.js";
import { measureRotation } from "./measure-rotation.js";
import { checkScoreSizes, measureScores } from "./measure-scores.js";

/** What may be asked of an inspection; every choice has a default. */
export type InspectOptions = Partial<Omit<InspectSettings, "backend" | "causal">>;

/** The choices where none are made. */
const defaultInspection = { heads: 8, headSize: 64, length: 256, seed: 0 } as const;

export interface InspectContext<T = unknown> {
  readonly backend: Backend<T>;
  /** What the backend was made with, for the settings: device, threads. */
  readonly backendSettings?: Readonly<Record<string, string | number>>;
  /** Encodings by name. Default is the catalogue of core. */
  readonly encodings?: Readonly<Record<string, CatalogueEntry>>;
}

/** An inspection ready to start: the encoding found, the options complete and checked. */
export interface PreparedInspection {
  readonly entry: CatalogueEntry;
  readonly settings: Omit<InspectSettings, "backend">;
  readonly sizes: ModelSizes;
}

/** Finds the encoding by name or alias, and completes and checks the options. Errors name the rule and the remedy. */
export function prepareInspection(
  word: string,
  options: InspectOptions = {},
  encodings: Readonly<Record<string, CatalogueEntry>> = catalogue,
): PreparedInspection {
  const entry = findEncoding(word, encodings);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings = { ...defaultInspection, ...given, causal: entry.attention !== "bidirectional" };
  const { heads, headSize, length } = settings;
  for (const name of ["heads", "headSize", "length"] as const) {
    require(Number.isInteger(settings[name]) && settings[name] > 0, () =>
      `${name} is a whole number above 0, got ${settings[name]}`, () => `try ${defaultInspection[name]}`);
  }
  require(length > 1, () => `length is at least 2, got ${length}`, () => `try ${defaultInspection.length}`);
  checkScoreSizes(heads, length);
  return { entry, settings, sizes: { heads, kvHeads: heads, headSize, layers: 1, width: heads * headSize, length } };
}

/** Standard deviation of the random tokens, which positions that are added to them should match. */
const embeddingDeviation = 1;

/** The hooks that make scores of queries, keys and positions; a bias alone is shown as it is. */
const scoreHooks: readonly Hook[] = [
  "embed",
  "state",
  "transform",
  "relativeScores",
  "scores",
  "temperature",
  "weights",
];

/**
 * Measures what an encoding does to attention, by its hooks alone: bias, scores of a repeated token, rotations, entropy.
 * Parameters have their initial values.
 */
export async function inspect<T>(
  word: string,
  options: InspectOptions,
  context: InspectContext<T>,
): Promise<Inspection> {
  const { backend } = context;
  const { entry, settings, sizes } = prepareInspection(word, options, context.encodings);
  const { length, causal, seed } = settings;
  try {
    const encoding = entry.create({ trainLength: length, causal, embeddingDeviation });
    const parameters = initializeParameters(encoding.parameters?.(sizes) ?? {}, seed);
    const request = { encoding, shape: sizes, parameters, length, causal, seed };
    const hooks = hooksOf(encoding);
    const rotation = await measureRotation(backend, request, length);
    return {
      format: "relpos-inspection",
      formatVersion: 1,
      encoding: describeEntry(entry, sizes, embeddingDeviation),
      settings: { ...settings, backend: { name: backend.name, ...context.backendSettings } },
      ...(encoding.bias && { bias: await measureBias(backend, request, { length, causal }) }),
      ...(hooks.some((hook) => scoreHooks.includes(hook)) && { scores: await measureScores(backend, request) }),
      ...(rotation && { rotation }),
      entropy: await measureEntropy(backend, request),
    };
  } catch (error) {
    if (!(error instanceof Error) || error.name === "AbortError") throw error;
    throw new SettingsError(
      `cannot inspect ${entry.name} with ${settings.heads} heads of size ${settings.headSize}: ${error.message}`,
      "try other sizes",
      { cause: error },
    );
  }
}
