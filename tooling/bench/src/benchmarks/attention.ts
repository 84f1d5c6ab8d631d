import type { AttentionSamples, AttentionSettings } from "../attention/measure-attention.js";
import { type Benchmark, type Measurement, spread } from "../benchmark.js";
import { isolate } from "../isolate.js";

const lengths = [1024, 4096, 16_384];
const sizes = { trainLength: 512, heads: 12, headSize: 64 };

/** One tier-1 encoding for each way of acting on attention; what turns queries and keys by other angles costs as rope. */
const names = [
  ...["none", "rope", "rope-dynamic", "log-temperature", "alibi", "t5"],
  ...["inkling", "transformer-xl", "deberta-v2"],
];

const module = new URL("../attention/measure-attention.js", import.meta.url);
const measured = (settings: AttentionSettings): AttentionSamples => isolate(module, settings);

/** Times by turns with no encoding in one process, memory by a run in a process of its own. */
function measure(encoding: string, length: number): Measurement {
  const runs = length > 8192 ? 2 : 7;
  const timed = measured({ ...sizes, length, encodings: ["none", encoding], runs });
  const [base, own] = timed.milliseconds.map(spread) as [ReturnType<typeof spread>, ReturnType<typeof spread>];
  return {
    name: `${encoding} at ${length}`,
    backend: "ort-node:cpu",
    settings: { ...sizes, encoding, length },
    ...own,
    peakMemoryBytes: measured({ ...sizes, length, encodings: [encoding], runs: 1 }).peakMemoryBytes,
    ratios: { ofNone: own.medianMs / base.medianMs },
  };
}

/** What an encoding costs: causal attention of one layer, batch 1. */
const benchmark: Benchmark = {
  description: "causal attention on ort-node cpu, 12 heads of 64, with encodings of every kind, by turns with none",
  run: async () => lengths.flatMap((length) => names.map((name) => measure(name, length))),
};

export default benchmark;
