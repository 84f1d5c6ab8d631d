import { type Checkpoint, formatRope, parseRope, type RopeOverride, scalingsFor } from "@relpos/checkpoints";
import { digest, elementCount, RelposError } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { require, ruleOf, withRemedy } from "../compare/errors.js";
import type { Environment } from "../compare/results.js";
import { canonical } from "../compare/settings.js";
import { claimStore } from "../train/claim-store.js";
import { memoryRunStore, type RunStore, readJson, writeJson } from "../train/run-store.js";
import type { ExtendListener } from "./events.js";
import { type LengthWork, measureLength, workAt } from "./measure-length.js";
import type { PromptTokenizer } from "./passkey-prompt.js";
import { recommendMethod } from "./recommend-method.js";
import type { ExtendResults, ExtendSettings, MethodAtLength, MethodResults } from "./results.js";
import { createScorer, type HeldWeights, holdWeights } from "./scorer.js";
import { type CompleteExtendOptions, completeExtendOptions, type ExtendOptions } from "./settings.js";

/** What an extension works with, beside its options. */
export interface ExtendContext<T = unknown> {
  readonly backend: Backend<T>;
  /** Opens the model with another rotary embedding: `(rope) => openCheckpoint(folder, { rope })`. */
  open(rope?: RopeOverride): Promise<Checkpoint>;
  /** What the model is called, for the settings. */
  readonly name: string;
  readonly tokenizer: PromptTokenizer;
  readonly text: { readonly name: string; readonly text: string };
  /** Where what was measured is kept. Default: memory. */
  readonly store?: RunStore;
  /** Goes on from what is in the store. Default `false`: a store that holds an extension is refused. */
  readonly resume?: boolean;
  readonly environment?: Omit<Environment, "backend">;
  readonly backendSettings?: Readonly<Record<string, string | number>>;
  readonly signal?: AbortSignal;
  readonly onEvent?: ExtendListener;
}

/** Names of the files of an extension in its store. */
export const extensionFiles = {
  settings: "settings.json",
  results: "results.json",
  measured: (method: string, length: number) => `measured/${method.replace(/[^\w.=-]+/g, "_")}-${length}.json`,
} as const;

/** A method with the model that has it. */
interface Opened {
  readonly name: string;
  readonly checkpoint?: Checkpoint;
  readonly reason?: string;
}

/**
 * Measures how far a decoder with rotary positions can read, with each way to make it read further: perplexity in windows of
 * several lengths, by position within them, and passkeys by depth. All methods read the same tokens with the same weights.
 *
 * What the store holds is not measured again. Errors name the rule and the remedy; a method that the model cannot have is in
 * the results with its reason.
 */
export async function extendContext<T>(given: ExtendOptions, context: ExtendContext<T>): Promise<ExtendResults> {
  const { backend, tokenizer, text, store = memoryRunStore(), signal, onEvent } = context;
  const plain = await context.open();
  const opened: Opened[] = [];
  let weights: HeldWeights<T> = new Map();
  try {
    const contextLength = checkModel(plain);
    const asked = completeExtendOptions(given);
    const names = methodsOf(given.methods, plain, asked);
    const tokens = firstTokens(tokenizer, text.text, asked.tokens);
    const longest = asked.lengths.at(-1) as number;
    require(tokens.length >= longest, () =>
      `the text has ${tokens.length} tokens, and the longest length is ${longest}`, () =>
      "choose a longer text, or shorter lengths");
    const options = { ...asked, tokens: Math.min(asked.tokens, tokens.length) };
    const settings: ExtendSettings = {
      model: { name: context.name, digest: digest(canonical(plain.config)) },
      text: { name: text.name, digest: digest(text.text) },
      ...options,
      methods: names,
      backend: { name: backend.name, ...context.backendSettings },
    };
    const environment = { versions: {}, machine: {}, ...context.environment, backend: backend.details ?? {} };
    const claim = { file: extensionFiles.settings, what: "measured extension", resume: context.resume ?? false };
    await claimStore(store, claim, { settings: { ...settings } });

    for (const name of names) opened.push(await openMethod(name, context));
    weights = await holdWeights(plain.stream({ signal }), backend);
    const work = options.lengths.map((length) => workAt(length, options, tokenizer));
    const possible = opened.filter(({ checkpoint }) => checkpoint);
    const runs = possible.length * options.lengths.length;
    const cost = costsOf(work, widthOf(plain));
    const total = possible.length * cost.reduce((sum, each) => sum + each.total, 0);
    let done = 0;
    let run = 0;
    const methods: MethodResults[] = [];
    for (const { name, checkpoint, reason } of opened) {
      signal?.throwIfAborted();
      if (!checkpoint) {
        methods.push({ name, possible: false, reason: reason as string });
        continue;
      }
      const scorer = await createScorer(checkpoint.model, weights, backend);
      const lengths: MethodAtLength[] = [];
      try {
        for (const [index, length] of options.lengths.entries()) {
          const file = extensionFiles.measured(name, length);
          const { perToken, total: whole } = cost[index] as Cost;
          const before = done;
          const place = { method: name, length, run: ++run, runs };
          const onTokens = (count: number): void => {
            done += count * perToken;
            onEvent?.({ type: "tokens", ...place, work: done / total });
          };
          const stored = (await readJson(store, file)) as MethodAtLength | undefined;
          const measuring = { scorer, tokens, options, signal, onTokens };
          const result = stored ?? (await measureLength(length, work[index] as LengthWork, measuring));
          if (!stored) await writeJson(store, file, result);
          done = before + whole;
          lengths.push(result);
          onEvent?.({ type: "result", ...place, result, stored: stored !== undefined, work: done / total });
        }
      } finally {
        await scorer.close();
      }
      const { rope, contextLength: reach } = checkpoint;
      methods.push({ name, possible: true, rope, contextLength: reach, lengths });
    }
    const results: ExtendResults = {
      format: "relpos-extend",
      formatVersion: 1,
      createdAt: new Date().toISOString(),
      settings,
      environment,
      model: {
        family: plain.family,
        parameters: Object.values(plain.model.parameters).reduce((sum, { shape }) => sum + elementCount(shape), 0),
        contextLength,
        encodings: [...new Set((plain.model.encodings ?? []).map(({ kind }) => kind))],
      },
      methods,
      recommendation: recommendMethod(methods, settings, contextLength),
    };
    await writeJson(store, extensionFiles.results, results);
    return results;
  } finally {
    for (const handle of weights.values()) backend.dispose(handle);
    for (const { checkpoint } of opened) await checkpoint?.close();
    await plain.close();
  }
}

/** At least so many tokens of a text, or all: what lies behind them is not read. */
function firstTokens(tokenizer: PromptTokenizer, text: string, count: number): readonly number[] {
  for (let characters = 8 * count; ; characters *= 2) {
    const tokens = [...tokenizer.encode(text.slice(0, characters), { addSpecialTokens: true }).ids];
    if (tokens.length > count || characters >= text.length) return tokens;
  }
}

/** The length that a model reads as it is. Errors unless it is a decoder that says so. */
function checkModel({ model, contextLength, family }: Checkpoint): number {
  require(model.task === "causal-lm" && model.cache, () =>
    `the model is a decoder that scores a next token, got ${family} for ${model.task}`, () =>
    "choose a causal language model");
  require(contextLength !== undefined, () => "the model's configuration names no length that it reads", () =>
    "choose a model with max_position_embeddings");
  return contextLength as number;
}

/** The methods that were asked for, or all that reach the longest length, as text. */
function methodsOf(
  asked: readonly string[] | undefined,
  { config }: Checkpoint,
  { lengths }: CompleteExtendOptions,
): readonly string[] {
  if (!asked) return ["none", ...scalingsFor(config, lengths.at(-1) as number).map(formatRope)];
  require(asked.length > 0, () => "at least one method is measured, got none", () => 'for example "none" and "yarn:4"');
  const names = asked.map((name) => {
    if (name === "none") return name;
    return withRemedy(() => formatRope(parseRope(name)), '"none" is the model as it is');
  });
  return [...new Set(names)];
}

/** Opens the model with a method, or says why it cannot have it. */
async function openMethod<T>(name: string, { open }: ExtendContext<T>): Promise<Opened> {
  try {
    return { name, checkpoint: await open(name === "none" ? undefined : parseRope(name)) };
  } catch (error) {
    if (!(error instanceof RelposError)) throw error;
    return { name, reason: ruleOf(error) };
  }
}

/** Work of a token at a length, and of the length, in tokens of short texts. */
interface Cost {
  readonly perToken: number;
  readonly total: number;
}

/** Attention adds to each token in proportion to the length. */
function costsOf(work: readonly LengthWork[], width: number): readonly Cost[] {
  return work.map(({ windows, passkeys }) => {
    const texts = windows.reduce((sum, [begin, end]) => sum + end - begin, 0);
    const asked =
      typeof passkeys === "string" ? 0 : passkeys.reduce((sum, { passkey }) => sum + passkey.tokens.length, 0);
    const length = Math.max(...windows.map(([begin, end]) => end - begin));
    const perToken = 1 + length / (6 * width);
    return { perToken, total: (texts + asked) * perToken };
  });
}

const widthOf = ({ model }: Checkpoint): number => model.parameters["embedding.weight"]?.shape[1] ?? 512;
