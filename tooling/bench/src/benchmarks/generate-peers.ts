import { rmSync } from "node:fs";
import { randomIntegers, randomKey } from "@relpos/core";
import { type Benchmark, type Measurement, spread } from "../benchmark.js";
import { llamaGguf } from "../generation/llama-gguf.js";
import { benchmarkSizes, randomLlama } from "../generation/random-llama.js";
import type { GenerationRound, GenerationSample } from "../generation/relpos.js";
import { installPeer } from "../peers/install-peer.js";
import type { ContenderModule, Rounds } from "../rounds/contender.js";
import { interleave } from "../rounds/interleave.js";

const threads = 2;
const newTokens = 128;
const rounds = 3;
const relpos = "relpos ort-node:cpu fp32";

/** relpos first: the others are compared with it. */
async function contendersFor(folder: string): Promise<Readonly<Record<string, ContenderModule>>> {
  const peer = installPeer("node-llama-cpp");
  const module = new URL("generation.mjs", peer.folder);
  const settings = { contextSize: benchmarkSizes.context, threads };
  const llama = async (type: "F32" | "Q8_0") => ({
    module,
    settings: { ...settings, file: await llamaGguf(folder, benchmarkSizes, type) },
  });
  return {
    [relpos]: { module: new URL("../generation/relpos.js", import.meta.url), settings: { folder, threads } },
    [`node-llama-cpp ${peer.version} F32`]: await llama("F32"),
    [`node-llama-cpp ${peer.version} Q8_0`]: await llama("Q8_0"),
  };
}

/** How many tokens are the same from the first on. */
function agreeing(left: readonly number[], right: readonly number[]): number {
  const place = left.findIndex((token, index) => token !== right[index]);
  return place === -1 ? left.length : place;
}

function rows(prompt: number, measured: Readonly<Record<string, Rounds<GenerationSample>>>): readonly Measurement[] {
  const base = measured[relpos] as Rounds<GenerationSample>;
  return Object.entries(measured).flatMap(([backend, { loadMs, samples, peakMemoryBytes }]): Measurement[] => {
    const settings = { ...benchmarkSizes, prompt, newTokens, threads, rounds };
    const shared = { backend, settings, peakMemoryBytes };
    const times = (part: "prefillMs" | "decodeMs") => {
      const own = spread(samples.map((sample) => sample[part]));
      const { medianMs } = spread(base.samples.map((sample) => sample[part]));
      return { ...own, ratios: { ofRelpos: own.medianMs / medianMs } };
    };
    const [prefill, decode] = [times("prefillMs"), times("decodeMs")];
    const same = samples.map(({ tokens }, round) => agreeing(tokens, base.samples[round]?.tokens ?? []));
    const load = { medianMs: loadMs, iqrMs: 0, ratios: { ofRelpos: loadMs / base.loadMs } };
    return [
      { ...shared, name: `load, prompt ${prompt}`, ...load },
      { ...shared, name: `prefill ${prompt}`, ...prefill, tokensPerSecond: (prompt * 1000) / prefill.medianMs },
      {
        ...shared,
        name: `decode after ${prompt}`,
        ...decode,
        tokensPerSecond: 1000 / decode.medianMs,
        figures: { sameTokens: Math.min(...same) },
      },
    ];
  });
}

/** Generation beside other libraries: the same weights and prompts, greedy tokens, in turns. */
const benchmark: Benchmark = {
  description: "text generation beside node-llama-cpp, which it installs: Llama's shape, 125 million random parameters",
  run: async () => {
    const folder = await randomLlama(benchmarkSizes);
    try {
      const contenders = await contendersFor(folder);
      const measurements: Measurement[] = [];
      for (const prompt of [512, 3372]) {
        const plan = Array.from({ length: rounds + 1 }, (_, round): GenerationRound => {
          return { prompt: [...randomIntegers(randomKey(round), prompt, 3, benchmarkSizes.vocabulary)], newTokens };
        });
        measurements.push(...rows(prompt, await interleave<GenerationRound, GenerationSample>(contenders, plan)));
      }
      return measurements;
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

export default benchmark;
