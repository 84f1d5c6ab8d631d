import { type CatalogueEntry, type CatalogueSettings, catalogue as knownEncodings } from "@relpos/catalogue";
import { digest } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { claimStore } from "../train/claim-store.js";
import { memoryRunStore, type RunStore, readJson, writeJson } from "../train/run-store.js";
import { resolveEncodings } from "./encoding-names.js";
import type { CompareListener } from "./events.js";
import { initialDeviation, runModel } from "./model-run.js";
import { drawnPositions } from "./positions.js";
import type { CompareData, Problem } from "./problem.js";
import { createProblem } from "./problems.js";
import type {
  BackendSettings,
  CompareResults,
  CompareSettings,
  Environment,
  RunIdentity,
  RunResult,
} from "./results.js";
import { type CompareOptions, canonical, completeOptions } from "./settings.js";
import { summarizeEncoding } from "./statistics.js";
import { type RunWork, workOfRun } from "./work.js";

/** What a comparison works with, beside its options. */
export interface CompareContext<T = unknown> {
  readonly backend: Backend<T>;
  /** Default is the embedded stories. */
  readonly data?: CompareData;
  /** Where runs and states are kept. Default is memory: nothing survives the process. */
  readonly store?: RunStore;
  /** Goes on from what is in the store. Default `false`: a store that holds a comparison is refused. */
  readonly resume?: boolean;
  /** Where it runs; what the backend runs on, it says itself. */
  readonly environment?: Omit<Environment, "backend">;
  /** What the backend was made with, for the settings: device, threads. */
  readonly backendSettings?: Readonly<Record<string, string | number>>;
  /** Encodings by name. Default is the catalogue of core. */
  readonly encodings?: Readonly<Record<string, CatalogueEntry>>;
  readonly signal?: AbortSignal;
  readonly onEvent?: CompareListener;
  /** Milliseconds between writes of the state of a run. Default 10,000. */
  readonly saveEvery?: number;
}

/** A comparison ready to start: options complete and checked, data read. Nothing has been written yet. */
export interface PreparedComparison {
  readonly settings: CompareSettings;
  readonly problem: Problem;
}

/** Names of the files of a comparison in its store. */
export const comparisonFiles = {
  settings: "settings.json",
  results: "results.json",
  run: ({ encoding, seed }: RunIdentity) => `runs/${encoding}-seed${seed}.json`,
  state: ({ encoding, seed }: RunIdentity) => `runs/${encoding}-seed${seed}.state`,
} as const;

/** Completes and checks options and data. Errors name the rule and the remedy. */
export function prepareComparison(
  options: CompareOptions,
  data: CompareData = { kind: "stories" },
  encodings: Readonly<Record<string, CatalogueEntry>> = knownEncodings,
  backend: BackendSettings = { name: "none" },
): PreparedComparison {
  const named = options.encodings && { encodings: resolveEncodings(options.encodings, encodings) };
  const completed = completeOptions({ ...options, ...named }, Object.keys(encodings));
  const problem = createProblem(data, completed);
  return { problem, settings: { ...completed, data: problem.data, backend } };
}

/**
 * Trains the same small decoder with each encoding and seed under equal budgets, and measures it at several lengths.
 *
 * All encodings see the same batches for a seed and begin with the same weights where shapes agree. Runs that the store
 * holds are not repeated. A run whose loss is no number is reported as failed, and the others go on.
 */
export async function compare<T>(options: CompareOptions, context: CompareContext<T>): Promise<CompareResults> {
  const { backend, signal, onEvent, store = memoryRunStore(), encodings: entries = knownEncodings } = context;
  const { settings, problem } = prepareComparison(options, context.data, entries, {
    name: backend.name,
    ...context.backendSettings,
  });
  const environment = { ...(context.environment ?? unknownEnvironment), backend: backend.details ?? {} };
  const { versions, backend: details } = environment;
  const claim = { file: comparisonFiles.settings, what: "comparison", resume: context.resume ?? false };
  await claimStore(store, claim, { settings: { ...settings }, versions, backend: details });

  const own: CatalogueSettings = {
    trainLength: settings.trainLength,
    causal: true,
    embeddingDeviation: initialDeviation,
    digits: problem.digits,
  };
  const positions = new Map(settings.encodings.map((name) => [name, entries[name]!.create(own)] as const));
  const identities = settings.seeds.flatMap((seed) => settings.encodings.map((encoding) => ({ encoding, seed })));
  const work = workOfRun(settings, problem);
  const runs: RunResult[] = [];
  for (const [index, identity] of identities.entries()) {
    signal?.throwIfAborted();
    const place = { ...identity, run: index + 1, runs: identities.length };
    const share = (done: number): number => (index + done / work.total) / identities.length;
    const stored = (await readJson(store, comparisonFiles.run(identity))) as RunResult | undefined;
    const result = stored ?? (await runAndStore());
    runs.push(result);
    onEvent?.({ type: "result", ...place, result, stored: stored !== undefined, work: share(work.total) });

    async function runAndStore(): Promise<RunResult> {
      const progress = progressOf(work, settings.steps);
      const finished = await runModel({
        ...identity,
        backend,
        position: positions.get(identity.encoding)!,
        drawn: drawnPositions(entries[identity.encoding]!, own, identity.seed),
        problem,
        settings,
        identity: digest(canonical({ settings, ...identity })),
        store,
        stateFile: comparisonFiles.state(identity),
        saveEvery: context.saveEvery ?? 10_000,
        signal,
        onStart: (step) => onEvent?.({ type: "run", ...place, step, work: share(progress.steps(step)) }),
        onStep: (step, loss) =>
          onEvent?.({ type: "step", ...place, step, steps: settings.steps, loss, work: share(progress.steps(step)) }),
        onRows: (length, rows) =>
          onEvent?.({ type: "examine", ...place, length, work: share(progress.rows(length, rows)) }),
      });
      await writeJson(store, comparisonFiles.run(identity), finished);
      await store.remove(comparisonFiles.state(identity));
      return finished;
    }
  }

  const results: CompareResults = {
    format: "relpos-compare",
    formatVersion: 1,
    createdAt: new Date().toISOString(),
    settings,
    environment,
    problem: problem.description,
    encodings: settings.encodings.map((name) => {
      const { kind, settings: values } = positions.get(name)!;
      return summarizeEncoding(
        { name, summary: entries[name]!.summary, kind, settings: values },
        runs,
        problem.description,
        settings.testLengths,
      );
    }),
    runs,
  };
  await writeJson(store, comparisonFiles.results, results);
  return results;
}

/** Whether any run of the results failed. */
export function hasFailures(results: CompareResults): boolean {
  return results.runs.some(({ status }) => status === "failed");
}

/** Work done in one run so far. */
function progressOf(work: RunWork, steps: number) {
  let examined = 0;
  return {
    steps: (step: number) => step * work.perStep,
    rows: (length: number, rows: number) => {
      examined += rows * work.perWindow(length);
      return Math.min(work.total, steps * work.perStep + examined);
    },
  };
}

const unknownEnvironment: Omit<Environment, "backend"> = {
  versions: {},
  machine: {},
};
