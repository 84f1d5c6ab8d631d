// Run by the generate-draws benchmark in a process of its own: tokens one by one, by what a step tells of the next.
import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { openCheckpoint } from "@relpos/checkpoints";
import { randomIntegers, randomKey } from "@relpos/core";
import { type Choice, createSampler, LanguageModel, Session } from "@relpos/pipelines";
import { isolatedArgument } from "../isolate.js";
import { peakMemory } from "../peak-memory.js";

export interface DrawsSettings {
  readonly folder: string;
  readonly vocabulary: number;
  readonly prompt: number;
  readonly newTokens: number;
  readonly topK: number;
  readonly rounds: number;
}

export type DrawnBy = "likeliest token" | "draw of the likeliest" | "draw by all scores";

export interface DrawsSamples {
  /** Of one token, the mean of each round. */
  readonly decodeMs: Readonly<Record<DrawnBy, readonly number[]>>;
  readonly peakMemoryBytes: number;
}

const { folder, vocabulary, prompt, newTokens, topK, rounds } = isolatedArgument<DrawsSettings>();
const choices: Readonly<Record<DrawnBy, Choice>> = {
  "likeliest token": "token",
  "draw of the likeliest": { topK },
  "draw by all scores": "scores",
};
const names = Object.keys(choices) as DrawnBy[];

const backend = await createOrtNodeBackend({ device: "cpu", threads: 2 });
const checkpoint = await openCheckpoint(folder);
const language = await LanguageModel.create(checkpoint.model, checkpoint.stream(), backend);
const sampler = createSampler({ topK, seed: 1 });

const decodeMs: Record<DrawnBy, number[]> = {
  "likeliest token": [],
  "draw of the likeliest": [],
  "draw by all scores": [],
};
const drawn = new Map<DrawnBy, readonly number[]>();
for (let round = 0; round <= rounds; round++) {
  for (const name of names) {
    const choice = choices[name];
    using session = new Session(language);
    const row = session.rows[0] as readonly number[];
    const next = async (tokens: readonly number[]) => sampler.take(await session.append([tokens], { choice }), row);
    let token = await next([...randomIntegers(randomKey(round), prompt, 0, vocabulary)]);
    const begun = performance.now();
    for (let made = 1; made < newTokens; made++) token = await next([token]);
    if (round > 0) decodeMs[name].push((performance.now() - begun) / (newTokens - 1));
    drawn.set(name, row.slice(prompt));
  }
  const [few, all] = [drawn.get("draw of the likeliest"), drawn.get("draw by all scores")];
  if (`${few}` !== `${all}`)
    throw new Error(`draws of the likeliest and by all scores must agree, got ${few} and ${all}`);
}
const peakMemoryBytes = peakMemory();
await checkpoint.close();
await language.close();
await backend.close();
process.stdout.write(`${JSON.stringify({ decodeMs, peakMemoryBytes } satisfies DrawsSamples)}\n`);
