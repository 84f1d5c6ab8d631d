// Run by the generate-leaks benchmark in a process of its own: what is held while a session goes on and on, and while sessions
// come and go; how soon an abort ends a text; what two sessions at once give, and how long timers wait meanwhile.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { openCheckpoint } from "@relpos/checkpoints";
import { randomIntegers, randomKey } from "@relpos/core";
import { LanguageModel, Session } from "@relpos/pipelines";
import { isolatedArgument } from "../isolate.js";
import { peakMemory } from "../peak-memory.js";

export interface HeldSettings {
  readonly folder: string;
  readonly vocabulary: number;
  readonly context: number;
  readonly tokens: number;
  readonly sessions: number;
}

/** What was held after so many tokens, or sessions. */
export interface Held {
  readonly at: number;
  readonly tensors: number;
  readonly bytes: number;
}

export interface HeldSamples {
  /** In one session. */
  readonly tokens: readonly Held[];
  readonly tokenMs: number;
  /** Opened, used and closed. */
  readonly sessions: readonly Held[];
  readonly sessionMs: number;
  /** Tokens that came after an abort, and how long it took to end; and a token, for comparison. */
  readonly abort: { readonly tokensAfter: number; readonly endMs: number };
  /** Whether sessions at the same time gave what each gives alone. */
  readonly sameTogether: boolean;
  /** So late 99 of 100 timers fire at most, while two sessions are at work. */
  readonly timerDelayMs: number;
  readonly peakMemoryBytes: number;
}

const { folder, vocabulary, context, tokens, sessions } = isolatedArgument<HeldSettings>();
const [samples, sessionTokens] = [50, 8];
const backend = await createOrtNodeBackend({ device: "cpu", threads: 2 });
const checkpoint = await openCheckpoint(folder);
const language = await LanguageModel.create(checkpoint.model, checkpoint.stream(), backend);
await checkpoint.close();
const promptOf = (seed: number, length = 32) => [...randomIntegers(randomKey(seed), length, 0, vocabulary)];

async function held(at: number): Promise<Held> {
  (globalThis as { gc?(): void }).gc?.();
  return { at, tensors: (await backend.memory()).tensors, bytes: process.memoryUsage().rss };
}

/** One session: where the context ends, the latter half is read anew as the beginning. */
async function goOn(): Promise<readonly Held[]> {
  const list: Held[] = [];
  using session = new Session(language);
  const row = session.rows[0] as readonly number[];
  let next: readonly number[] = promptOf(0);
  for (let made = 1; made <= tokens; made++) {
    if (row.length + next.length > context) {
      const rest = [...row.slice(context / 2), ...next];
      session.truncate([0]);
      next = rest;
    }
    next = [(await session.append([next])).data[0] as number];
    if (made % (tokens / samples) === 0) list.push(await held(made));
  }
  return list;
}

async function write(seed: number, count: number): Promise<readonly number[]> {
  using session = new Session(language);
  const made: number[] = [];
  for (let next = promptOf(seed); made.length < count; next = made.slice(-1)) {
    made.push((await session.append([next])).data[0] as number);
  }
  return made;
}

async function comeAndGo(): Promise<readonly Held[]> {
  const list: Held[] = [];
  for (let opened = 1; opened <= sessions; opened++) {
    await write(opened, sessionTokens);
    if (opened % (sessions / samples) === 0) list.push(await held(opened));
  }
  return list;
}

async function aborted(): Promise<HeldSamples["abort"]> {
  using session = new Session(language);
  const controller = new AbortController();
  let [made, atAbort, abortedAt] = [0, 0, 0];
  setTimeout(() => {
    [atAbort, abortedAt] = [made, performance.now()];
    controller.abort();
  }, 100);
  try {
    for (let next = promptOf(1); ; made++) {
      next = [(await session.append([next], { signal: controller.signal })).data[0] as number];
      if (session.rows[0]?.length === context) session.truncate([context / 2]);
    }
  } catch (error) {
    if (!controller.signal.aborted) throw error;
  }
  return { tokensAfter: made - atAbort, endMs: performance.now() - abortedAt };
}

async function timed<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const begun = performance.now();
  return [await work(), performance.now() - begun];
}

await write(0, 2);
const [long, longMs] = await timed(goOn);
const [many, manyMs] = await timed(comeAndGo);
const seeds = [1, 2];
const alone = [await write(1, 100), await write(2, 100)];
const resolution = 1;
const delays = monitorEventLoopDelay({ resolution });
delays.enable();
const together = await Promise.all(seeds.map((seed) => write(seed, 100)));
delays.disable();
const result: HeldSamples = {
  tokens: long,
  tokenMs: longMs / tokens,
  sessions: many,
  sessionMs: manyMs / sessions,
  abort: await aborted(),
  sameTogether: JSON.stringify(alone) === JSON.stringify(together),
  timerDelayMs: delays.percentile(99) / 1e6 - resolution,
  peakMemoryBytes: peakMemory(),
};
await language.close();
await backend.close();
process.stdout.write(`${JSON.stringify(result)}\n`);
