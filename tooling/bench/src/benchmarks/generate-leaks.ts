import { rmSync } from "node:fs";
import type { Benchmark, Measurement } from "../benchmark.js";
import type { Held, HeldSamples, HeldSettings } from "../generation/measure-held.js";
import { type LlamaSizes, randomLlama } from "../generation/random-llama.js";
import { isolate } from "../isolate.js";
import { slope } from "../slope.js";

const sizes: LlamaSizes = {
  width: 128,
  layers: 4,
  heads: 4,
  kvHeads: 2,
  feedForward: 256,
  vocabulary: 2000,
  context: 1024,
};
const [tokens, sessions] = [10_000, 200];
const module = new URL("../generation/measure-held.js", import.meta.url);

/** Growth in the second half, when everything has been needed once. */
function growth(list: readonly Held[], per: number, unit: string): Readonly<Record<string, number>> {
  const settled = list.slice(list.length / 2);
  return {
    [`tensors/${unit}`]: slope(settled.map(({ at, tensors }) => [at, tensors])) * per,
    [`kB/${unit}`]: (slope(settled.map(({ at, bytes }) => [at, bytes])) * per) / 1000,
  };
}

/** What generation still holds after thousands of tokens and hundreds of sessions; aborts; two sessions at once. */
const benchmark: Benchmark = {
  description: `memory over ${tokens} tokens of one session and ${sessions} sessions, an abort, and two sessions at once, on ort-node cpu`,
  run: async () => {
    const folder = await randomLlama(sizes);
    try {
      const { vocabulary, context } = sizes;
      const settings: HeldSettings = { folder, vocabulary, context, tokens, sessions };
      const found = isolate<HeldSettings, HeldSamples>(module, settings);
      if (!found.sameTogether) throw new Error("two sessions at once must give what each gives alone");
      if (found.abort.tokensAfter > 1)
        throw new Error(`an abort must end within a token, got ${found.abort.tokensAfter}`);
      const shared = {
        backend: "ort-node:cpu",
        settings: { ...sizes },
        iqrMs: 0,
        peakMemoryBytes: found.peakMemoryBytes,
      };
      const rows: readonly Measurement[] = [
        { ...shared, name: "tokens", medianMs: found.tokenMs, figures: growth(found.tokens, 1000, "1000 tokens") },
        {
          ...shared,
          name: "sessions",
          medianMs: found.sessionMs,
          figures: growth(found.sessions, 100, "100 sessions"),
        },
        { ...shared, name: "abort", medianMs: found.abort.endMs, figures: { "tokens after": found.abort.tokensAfter } },
        { ...shared, name: "timers meanwhile, 99 %", medianMs: found.timerDelayMs },
      ];
      return rows;
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

export default benchmark;
