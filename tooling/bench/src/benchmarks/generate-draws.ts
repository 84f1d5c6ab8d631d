import { rmSync } from "node:fs";
import { type Benchmark, spread } from "../benchmark.js";
import type { DrawsSamples, DrawsSettings } from "../generation/measure-draws.js";
import { randomLlama, benchmarkSizes as sizes } from "../generation/random-llama.js";
import { isolate } from "../isolate.js";

const module = new URL("../generation/measure-draws.js", import.meta.url);
const [prompt, newTokens, topK, rounds] = [128, 64, 50, 5];

/** What it costs to draw a token: where the scores are, or from all of them in JavaScript. */
const benchmark: Benchmark = {
  description: `decoding with the likeliest token, draws of the ${topK} likeliest, and draws by all ${sizes.vocabulary} scores, in turns`,
  run: async () => {
    const folder = await randomLlama(sizes);
    try {
      const settings: DrawsSettings = { folder, vocabulary: sizes.vocabulary, prompt, newTokens, topK, rounds };
      const { decodeMs, peakMemoryBytes } = isolate<DrawsSettings, DrawsSamples>(module, settings);
      return Object.entries(decodeMs).map(([name, samples]) => {
        const times = spread(samples);
        const shared = { backend: "ort-node:cpu", settings: { ...sizes, prompt, newTokens, topK, threads: 2 } };
        return { ...shared, name, ...times, tokensPerSecond: 1000 / times.medianMs, peakMemoryBytes };
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

export default benchmark;
