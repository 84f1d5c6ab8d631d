import { subjects } from "@relpos/conformance-runs";
import type { Benchmark } from "../benchmark.js";
import { runAnywhere } from "../programs/run-anywhere.js";
import type { TrainingSettings } from "../training/models.js";

const model: TrainingSettings = { layers: 2, width: 64, heads: 4, length: 32, batch: 8, vocabulary: 65, parts: 1 };
const steps = 20;
const losses = (subject: string) => runAnywhere({ subject, program: "losses", argument: { model, steps } });

/** The same training run on every backend and device: losses, and how far from the reference's they ever are. */
const benchmark: Benchmark = {
  description: `losses of ${steps} training steps with the same weights and batches on every backend`,
  run: async () => {
    const expected = await losses("reference");
    const measurements = [];
    for (const { name } of subjects) {
      const start = performance.now();
      const actual = name === "reference" ? expected : await losses(name);
      const differences = actual.map((loss, step) => Math.abs(loss - (expected[step] as number)));
      measurements.push({
        name: "2x64 length 32 batch 8",
        backend: name,
        settings: { ...model, steps },
        medianMs: (performance.now() - start) / steps,
        iqrMs: 0,
        peakMemoryBytes: 0,
        figures: {
          firstLoss: actual[0] as number,
          lastLoss: actual.at(-1) as number,
          largestDifference: Math.max(...differences),
        },
      });
    }
    return measurements;
  },
};

export default benchmark;
