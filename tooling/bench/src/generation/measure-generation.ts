// Run by the generate benchmark in a process of its own: opens a checkpoint, reads a prompt, then makes tokens one by one.
import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { openCheckpoint } from "@relpos/checkpoints";
import { randomIntegers, randomKey } from "@relpos/core";
import { LanguageModel, Session } from "@relpos/pipelines";
import { isolatedArgument } from "../isolate.js";

export interface GenerationSettings {
  readonly folder: string;
  readonly vocabulary: number;
  readonly prompt: number;
  readonly newTokens: number;
  readonly threads: number;
  readonly rounds: number;
}

export interface GenerationSamples {
  readonly loadMs: number;
  /** Of the whole prompt, each round. */
  readonly prefillMs: readonly number[];
  /** Of one token, the mean of each round. */
  readonly decodeMs: readonly number[];
  readonly peakMemoryBytes: number;
}

const { folder, vocabulary, prompt, newTokens, threads, rounds } = isolatedArgument<GenerationSettings>();
const start = performance.now();
const backend = await createOrtNodeBackend({ device: "cpu", threads });
const checkpoint = await openCheckpoint(folder);
const language = await LanguageModel.create(checkpoint.model, checkpoint.stream(), backend);
const warm = new Session(language);
await warm.append([[1, 2, 3]]);
await warm.append([[4]]);
const loadMs = performance.now() - start;
warm.dispose();
await checkpoint.close();

const [prefillMs, decodeMs]: [number[], number[]] = [[], []];
for (let round = 0; round <= rounds; round++) {
  const session = new Session(language);
  const tokens = [...randomIntegers(randomKey(round), prompt, 0, vocabulary)];
  const before = performance.now();
  let next = await session.append([tokens]);
  const between = performance.now();
  for (let count = 1; count < newTokens; count++) next = await session.append([[next.data[0] as number]]);
  const after = performance.now();
  session.dispose();
  if (round === 0) continue;
  prefillMs.push(between - before);
  decodeMs.push((after - between) / (newTokens - 1));
}
const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
await language.close();
await backend.close();
const samples: GenerationSamples = { loadMs, prefillMs, decodeMs, peakMemoryBytes };
process.stdout.write(`${JSON.stringify(samples)}\n`);
