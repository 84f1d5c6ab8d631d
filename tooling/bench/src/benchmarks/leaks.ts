import { subjects } from "@relpos/conformance-runs";
import type { Benchmark, Measurement } from "../benchmark.js";
import { runAnywhere } from "../programs/run-anywhere.js";
import { slope } from "../slope.js";
import type { TrainingSettings } from "../training/models.js";

const model: TrainingSettings = { layers: 1, width: 16, heads: 2, length: 8, batch: 2, vocabulary: 11, parts: 1 };
const [runs, samples] = [2000, 40];

/** What every backend still holds after thousands of training steps and runs: slopes after the first half. */
const benchmark: Benchmark = {
  description: `memory and tensors over ${runs} training steps and ${runs} runs of inference, on every backend`,
  run: async () => {
    const measurements: Measurement[] = [];
    for (const { name } of subjects) {
      const start = performance.now();
      const held = await runAnywhere({ subject: name, program: "leaks", argument: { model, runs, samples } });
      for (const kind of ["training", "inference"] as const) {
        const list = held[kind];
        const settled = list.slice(list.length / 2);
        measurements.push({
          name: kind,
          backend: name,
          settings: { ...model, runs },
          medianMs: (performance.now() - start) / (2 * runs),
          iqrMs: 0,
          peakMemoryBytes: Math.max(...list.map(({ bytes }) => bytes)),
          figures: {
            "tensors/1000 runs": slope(settled.map(({ runs, tensors }) => [runs, tensors])) * 1000,
            "kB/1000 runs": slope(settled.map(({ runs, bytes }) => [runs, bytes])),
          },
        });
      }
    }
    return measurements;
  },
};

export default benchmark;
