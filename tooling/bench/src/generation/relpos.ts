// A contender: greedy generation by relpos on ONNX Runtime in Node.
import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { openCheckpoint, type WeightDType } from "@relpos/checkpoints";
import { openLanguageModel, Session } from "@relpos/pipelines";
import type { Start } from "../rounds/contender.js";

export interface RelposSettings {
  readonly folder: string;
  readonly threads: number;
  /** Default "fp32". What is not, is kept in the folder `cache` below the checkpoint's. */
  readonly dtype?: WeightDType;
}

/** Opens the checkpoint that is measured. */
export function openMeasured({ folder, dtype = "fp32" }: Pick<RelposSettings, "folder" | "dtype">) {
  return openCheckpoint(folder, { dtype, cacheFolder: `${folder}/cache` });
}

export interface GenerationRound {
  readonly prompt: readonly number[];
  readonly newTokens: number;
}

export interface GenerationSample {
  /** Of the whole prompt, to the first new token. */
  readonly prefillMs: number;
  /** Of one token after the first, on average. */
  readonly decodeMs: number;
  readonly tokens: readonly number[];
}

export const start: Start<RelposSettings, GenerationRound, GenerationSample> = async ({ threads, ...settings }) => {
  const [backend, checkpoint] = await Promise.all([
    createOrtNodeBackend({ device: "cpu", threads }),
    openMeasured(settings),
  ]);
  const language = await openLanguageModel(checkpoint, backend);
  await checkpoint.close();

  const run = async ({ prompt, newTokens }: GenerationRound): Promise<GenerationSample> => {
    const session = new Session(language);
    const tokens: number[] = [];
    const take = async (row: readonly number[]): Promise<void> => {
      tokens.push((await session.append([row])).data[0] as number);
    };
    const before = performance.now();
    await take(prompt);
    const between = performance.now();
    while (tokens.length < newTokens) await take(tokens.slice(-1));
    const after = performance.now();
    session.dispose();
    return { prefillMs: between - before, decodeMs: (after - between) / (newTokens - 1), tokens };
  };
  await run({ prompt: [1, 2, 3], newTokens: 2 });
  const close = async (): Promise<void> => {
    await language.close();
    await backend.close();
  };
  return { run, close };
};
