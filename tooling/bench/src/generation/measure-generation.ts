// Run by the generate benchmark in a process of its own: opens a checkpoint, reads a prompt, then makes tokens one by one.
import { randomIntegers, randomKey } from "@relpos/core";
import { isolatedArgument } from "../isolate.js";
import { peakMemory } from "../peak-memory.js";
import { start } from "./relpos.js";

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

const { folder, vocabulary, prompt: length, newTokens, threads, rounds } = isolatedArgument<GenerationSettings>();
const begin = performance.now();
const contender = await start({ folder, threads });
const loadMs = performance.now() - begin;

const [prefillMs, decodeMs]: [number[], number[]] = [[], []];
for (let round = 0; round <= rounds; round++) {
  const prompt = [...randomIntegers(randomKey(round), length, 0, vocabulary)];
  const sample = await contender.run({ prompt, newTokens });
  if (round === 0) continue;
  prefillMs.push(sample.prefillMs);
  decodeMs.push(sample.decodeMs);
}
const peakMemoryBytes = peakMemory();
await contender.close();
const samples: GenerationSamples = { loadMs, prefillMs, decodeMs, peakMemoryBytes };
process.stdout.write(`${JSON.stringify(samples)}\n`);
