import { type Benchmark, type Measurement, spread } from "../benchmark.js";
import { isolate } from "../isolate.js";
import { runAnywhere } from "../programs/run-anywhere.js";
import type { Speed } from "../programs/speed.js";
import { stepOperations, type TrainingSettings, trainingModels } from "../training/models.js";
import type { TfjsSamples, TfjsSettings } from "../training/tfjs-own.js";

const modelNames = ["2x64 length 64 batch 32", "6x384 length 256 batch 16"];

/** TensorFlow.js on plain JavaScript takes minutes for a step of the large model. */
const smallOnly = new Set(["tfjs:cpu", "tfjs's own gradients:cpu"]);

const module = new URL("../training/tfjs-own.js", import.meta.url);
const own =
  (device: TfjsSettings["device"]) =>
  (model: TrainingSettings): Speed =>
    isolate<TfjsSettings, TfjsSamples>(module, { device, model, runs: 3 });
const on = (subject: string) => (model: TrainingSettings) =>
  runAnywhere({ subject, program: "speed", argument: { model, seconds: 6, runs: 3 } });

/** ONNX Runtime in Node first: the others are compared with it. */
const runners: Readonly<Record<string, (model: TrainingSettings) => Speed | Promise<Speed>>> = {
  "ort-node:cpu": on("ort-node:cpu"),
  "ort-web:wasm": on("ort-web:wasm"),
  "tfjs:wasm": on("tfjs:wasm"),
  "tfjs's own gradients:wasm": own("wasm"),
  "tfjs:cpu": on("tfjs:cpu"),
  "tfjs's own gradients:cpu": own("cpu"),
};

/** A result, or the reason why there is none: TensorFlow.js's own gradients of the large model need more memory than wasm has. */
async function attempt<R>(run: () => R | Promise<R>): Promise<R | string> {
  try {
    return await run();
  } catch (error) {
    return String(error);
  }
}

/** Operations a second of a training step, and of a product on the same backend in the same run. */
function ratesOf(model: TrainingSettings, { peakGflops, parameters }: Speed, medianMs: number) {
  if (peakGflops === undefined || parameters === undefined) return {};
  return { gflops: stepOperations(model, parameters) / medianMs / 1e6, peakGflops };
}

async function measure(name: string): Promise<readonly Measurement[]> {
  const model = trainingModels[name] as TrainingSettings;
  const measurements: Measurement[] = [];
  for (const [backend, run] of Object.entries(runners)) {
    if (name !== modelNames[0] && smallOnly.has(backend)) continue;
    const samples = await attempt(() => run(model));
    if (typeof samples === "string") {
      console.error(`${name} on ${backend}: ${samples}`);
      continue;
    }
    for (const [kind, times] of [
      ["training step", samples.stepMs],
      ["forward pass", samples.forwardMs],
    ] as const) {
      const base = measurements.find((each) => each.name === `${name}, ${kind}`);
      const own = spread(times);
      measurements.push({
        name: `${name}, ${kind}`,
        backend,
        settings: { ...model },
        ...own,
        tokensPerSecond: (model.batch * model.length * 1000) / own.medianMs,
        peakMemoryBytes: 0,
        ...(kind === "training step" && ratesOf(model, samples, own.medianMs)),
        ratios: { ofOrtNode: own.medianMs / (base?.medianMs ?? own.medianMs) },
      });
    }
  }
  return measurements;
}

/** Training steps and forward passes of the same model on each backend, and on TensorFlow.js by itself. */
const benchmark: Benchmark = {
  description: "training steps and forward passes of character models on every backend of the processor",
  run: async () => {
    const measurements: Measurement[] = [];
    for (const name of modelNames) measurements.push(...(await measure(name)));
    return measurements;
  },
};

export default benchmark;
