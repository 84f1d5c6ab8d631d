import { rmSync } from "node:fs";
import { join } from "node:path";
import { openCheckpoint, type WeightDType } from "@relpos/checkpoints";
import { randomIntegers, randomKey } from "@relpos/core";
import { exportOnnx } from "@relpos/export";
import { type Benchmark, type Measurement, spread } from "../benchmark.js";
import type { GgufType } from "../generation/gguf.js";
import { llamaGguf } from "../generation/llama-gguf.js";
import { benchmarkSizes, randomLlama } from "../generation/random-llama.js";
import {
  type GenerationRound,
  type GenerationSample,
  openMeasured,
  type RelposSettings,
} from "../generation/relpos.js";
import { installPeer } from "../peers/install-peer.js";
import type { ContenderModule, Rounds } from "../rounds/contender.js";
import { interleave } from "../rounds/interleave.js";

const threads = 2;
const newTokens = 128;
const rounds = 3;

/** In what relpos and transformers.js keep weights, and node-llama-cpp; those of a row are compared. */
const dtypes = { fp32: "F32", q8: "Q8_0", q4: "Q4_0" } as const satisfies Partial<Record<WeightDType, GgufType>>;

type Measured = keyof typeof dtypes;

const ours = (dtype: Measured): string => `relpos ort-node:cpu ${dtype}`;
const bare = (dtype: Measured): string => `onnxruntime-node alone ${dtype}`;

/** relpos' name for a contender's weights. */
const baseOf = (name: string): string => {
  const own = Object.entries(dtypes).find(([dtype, peer]) => name.endsWith(` ${dtype}`) || name.endsWith(` ${peer}`));
  return ours(own?.[0] as Measured);
};

/** relpos, ONNX Runtime without it, and peers, by type. Files of other types and forms are written before anything is measured. */
async function contendersFor(folder: string): Promise<Readonly<Record<string, ContenderModule>>> {
  const [llama, transformers] = [installPeer("node-llama-cpp"), installPeer("transformers-js")];
  const exported = join(folder, "exported");
  const checkpoint = await openCheckpoint(folder);
  await exportOnnx(exported, checkpoint, { dtypes: Object.keys(dtypes) as Measured[] });
  await checkpoint.close();
  const contenders: [string, ContenderModule][] = [];
  for (const [dtype, type] of Object.entries(dtypes) as [Measured, GgufType][]) {
    await (await openMeasured({ folder, dtype })).close();
    const own: RelposSettings = { folder, threads, dtype };
    const file = await llamaGguf(folder, benchmarkSizes, type);
    contenders.push(
      [ours(dtype), { module: new URL("../generation/relpos.js", import.meta.url), settings: own }],
      [bare(dtype), { module: new URL("../generation/bare-ort.js", import.meta.url), settings: own }],
      [
        `node-llama-cpp ${llama.version} ${type}`,
        {
          module: new URL("generation.mjs", llama.folder),
          settings: { contextSize: benchmarkSizes.context, threads, file },
        },
      ],
      [
        `transformers.js ${transformers.version} ${dtype}`,
        { module: new URL("generation.mjs", transformers.folder), settings: { folder: exported, dtype, threads } },
      ],
    );
  }
  return Object.fromEntries(contenders);
}

/** How many tokens are the same from the first on. */
function agreeing(left: readonly number[], right: readonly number[]): number {
  const place = left.findIndex((token, index) => token !== right[index]);
  return place === -1 ? left.length : place;
}

function rows(prompt: number, measured: Readonly<Record<string, Rounds<GenerationSample>>>): readonly Measurement[] {
  return Object.entries(measured).flatMap(([backend, { loadMs, samples, peakMemoryBytes }]): Measurement[] => {
    const base = measured[baseOf(backend)] as Rounds<GenerationSample>;
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
  description:
    "text generation in 32, 8 and 4 bits beside a loop over onnxruntime-node alone, node-llama-cpp and transformers.js, which it installs: Llama's shape, 125 million random parameters",
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
