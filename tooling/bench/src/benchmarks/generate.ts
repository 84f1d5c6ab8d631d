import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Benchmark, type Measurement, spread } from "../benchmark.js";
import type { GenerationSamples, GenerationSettings } from "../generation/measure-generation.js";
import { randomLlama, benchmarkSizes as sizes } from "../generation/random-llama.js";
import { isolate } from "../isolate.js";

const newTokens = 128;
const module = new URL("../generation/measure-generation.js", import.meta.url);

function measure(folder: string, prompt: number): readonly Measurement[] {
  const file = join(folder, "model.safetensors");
  const start = performance.now();
  readFileSync(file);
  const readMs = performance.now() - start;
  const settings: GenerationSettings = {
    folder,
    vocabulary: sizes.vocabulary,
    prompt,
    newTokens,
    threads: 2,
    rounds: 3,
  };
  const { loadMs, prefillMs, decodeMs, peakMemoryBytes } = isolate<GenerationSettings, GenerationSamples>(
    module,
    settings,
  );
  const shared = { backend: "ort-node:cpu", settings: { ...sizes, prompt, newTokens, threads: 2 }, peakMemoryBytes };
  const [prefill, decode] = [spread(prefillMs), spread(decodeMs)];
  const bytes = statSync(file).size;
  return [
    { ...shared, name: `load, prompt ${prompt}`, medianMs: loadMs, iqrMs: 0, ratios: { ofReading: loadMs / readMs } },
    {
      ...shared,
      name: `prefill ${prompt}`,
      ...prefill,
      tokensPerSecond: (prompt * 1000) / prefill.medianMs,
      ratios: { memoryOfWeights: peakMemoryBytes / bytes },
    },
    { ...shared, name: `decode after ${prompt}`, ...decode, tokensPerSecond: 1000 / decode.medianMs },
  ];
}

/** What text generation takes: opening, a prompt, and tokens one by one. */
const benchmark: Benchmark = {
  description: "text generation by a model of Llama's shape with 125 million random parameters, on ort-node cpu",
  run: async () => {
    const folder = await randomLlama(sizes);
    try {
      return [512, 3372].flatMap((prompt) => measure(folder, prompt));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

export default benchmark;
