import { fileURLToPath } from "node:url";
import { runInChromium } from "@relpos/browser";
import { check } from "@relpos/core";
import { type Benchmark, type Measurement, spread } from "../benchmark.js";
import { isolate } from "../isolate.js";
import { installPeer } from "../peers/install-peer.js";
import { runAnywhere } from "../programs/run-anywhere.js";
import type { Speed } from "../programs/speed.js";
import { batchOf } from "../training/character-model.js";
import { type TrainingSettings, trainingModels } from "../training/models.js";
import type { TfjsSettings } from "../training/tfjs-own.js";

const name = "2x64 length 64 batch 32";
const model = trainingModels[name] as TrainingSettings;
const rounds = 3;

/** What a program without a backend of relpos gives: its losses too, so that it is seen to train. */
interface Training extends Speed {
  readonly losses: readonly number[];
}

/** First tokens of each row of the first batches: rows count up. */
const starts = Array.from({ length: 16 }, (_, step) => {
  const { tokens } = batchOf(model, step);
  return Array.from({ length: model.batch }, (_, row) => tokens.data[row * model.length] as number);
});

/** ONNX Runtime in Node first: the others are compared with it. */
function runners(): Readonly<Record<string, () => Promise<Speed>>> {
  const peer = installPeer("jax-js");
  const argument = { model, starts, runs: 10 };
  const jaxInNode = new URL("in-process.mjs", peer.folder);
  const jaxInChromium = fileURLToPath(new URL("train.mjs", peer.folder));
  const tfjs = new URL("../training/tfjs-own.js", import.meta.url);
  return {
    "ort-node:cpu": () =>
      runAnywhere({ subject: "ort-node:cpu", program: "speed", argument: { model, seconds: 2, runs: 10 } }),
    [`jax-js ${peer.version}:wasm in Node, one thread`]: async () =>
      trained(isolate<typeof argument, Training>(jaxInNode, argument)),
    [`jax-js ${peer.version}:wasm in Chromium, threads`]: async () =>
      trained(await runInChromium<Training>({ module: jaxInChromium, argument, isolated: true })),
    "tfjs's own gradients:wasm": async () =>
      trained(isolate<TfjsSettings, Training>(tfjs, { device: "wasm", model, runs: 3 })),
  };
}

function trained(training: Training): Training {
  const [first, last] = [training.losses[0] as number, training.losses.at(-1) as number];
  check(last < first, "train-peers", () => `the loss must fall, got ${first} and at last ${last}`);
  return training;
}

/** Training beside other libraries: the same model and batches, programs in turns, each time in a process or page anew. */
const benchmark: Benchmark = {
  description: "training steps and forward passes of a character model beside jax-js, which it installs, and tfjs",
  run: async () => {
    const samples = Object.entries(runners()).map(([backend, run]) => ({ backend, run, taken: [] as Speed[] }));
    for (let round = 0; round < rounds; round++) {
      for (const { run, taken } of samples) taken.push(await run());
    }
    const measurements: Measurement[] = [];
    for (const { backend, taken } of samples) {
      for (const [kind, part] of [
        ["training step", "stepMs"],
        ["forward pass", "forwardMs"],
      ] as const) {
        const own = spread(taken.flatMap((speed) => speed[part]));
        const base = measurements.find((each) => each.name === `${name}, ${kind}`)?.medianMs ?? own.medianMs;
        measurements.push({
          name: `${name}, ${kind}`,
          backend,
          settings: { ...model, rounds },
          ...own,
          tokensPerSecond: (model.batch * model.length * 1000) / own.medianMs,
          peakMemoryBytes: 0,
          ratios: { ofOrtNode: own.medianMs / base },
        });
      }
    }
    return measurements;
  },
};

export default benchmark;
