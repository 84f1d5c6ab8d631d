import type {
  CompareResults,
  EncodingPicture,
  LengthResult,
  ProblemDescription,
  RunResult,
} from "../src/compare/results.js";
import { summarizeEncoding, thinLosses } from "../src/compare/statistics.js";

/** Results as a comparison would give them, made up from simple formulas. */
export function madeUpResults(
  encodings = ["none", "sinusoidal", "learned", "rope", "alibi", "t5"],
  seeds = [0, 1, 2],
): CompareResults {
  const testLengths = [64, 128, 256, 512];
  const problem: ProblemDescription = {
    title: "a made-up text",
    summary: "Characters of a made-up text were predicted one after the other.",
    vocabulary: 65,
    measures: [
      {
        examination: "non-overlapping",
        value: "perplexity",
        label: "perplexity, non-overlapping windows",
        explanation: "Windows follow one another.",
        better: "lower",
      },
      {
        examination: "sliding",
        value: "perplexity",
        label: "perplexity, sliding windows",
        explanation: "Windows overlap.",
        better: "lower",
      },
    ],
  };
  const runs: RunResult[] = seeds.flatMap((seed) =>
    encodings.map(
      (encoding): RunResult => ({
        encoding,
        seed,
        status: "finished",
        parameters: 412_000,
        losses: thinLosses(
          Array.from(
            { length: 600 },
            (_, step) => 1.6 + 2.6 * Math.exp(-step / 90) + 0.05 * wave(step + 7 * seed + encoding.length),
          ),
        ),
        lengths: testLengths.map((length) => lengthResult(encoding, seed, length)),
        picture: picture(encoding),
        timings: { trainMillisecondsPerStep: 21.5 + seed, trainMilliseconds: 13_000, evaluateMilliseconds: 1900 },
        weights: "00000000",
      }),
    ),
  );
  return {
    format: "relpos-compare",
    formatVersion: 1,
    createdAt: "2026-11-23T12:00:00.000Z",
    settings: {
      encodings,
      seeds,
      data: { kind: "text", name: "made-up.txt", characters: 1_115_394, digest: "0".repeat(16) },
      trainLength: 64,
      testLengths,
      layers: 2,
      width: 128,
      heads: 4,
      steps: 600,
      batch: 32,
      learningRate: 0.003,
      warmupSteps: 60,
      learningRateFloor: 0.1,
      weightDecay: 0.1,
      clipNorm: 1,
      evaluationTokens: 16384,
      evaluationSequences: 200,
      slidingShare: 0.25,
      backend: { name: "ort-node:cpu", device: "cpu" },
    },
    environment: {
      versions: { relpos: "0.0.0" },
      backend: { "onnxruntime-node": "1.30.0", threads: "automatic" },
      machine: { cpu: "Example processor", cores: 2, memoryBytes: 16.4e9, platform: "linux x64", node: "20.20.2" },
      command: "relpos compare --encodings rope,alibi --out reports/made-up",
    },
    problem,
    encodings: encodings.map((name) =>
      summarizeEncoding(
        { name, summary: `The encoding called ${name}.`, kind: name, settings: name === "rope" ? { base: 10000 } : {} },
        runs,
        problem,
        testLengths,
      ),
    ),
    runs,
  };
}

function lengthResult(encoding: string, seed: number, length: number): LengthResult {
  if (encoding === "learned" && length > 64) {
    return { length, possible: false, reason: "its table has 64 positions" };
  }
  const slope =
    ({ none: 0.5, sinusoidal: 1.6, rope: 0.9, alibi: -0.02, t5: 0.1 } as Record<string, number>)[encoding] ?? 0;
  const beyond = (position: number): number => Math.max(0, Math.log2((position + 1) / 64));
  const nats = (position: number): number =>
    1.62 +
    0.9 / Math.sqrt(position + 1) +
    slope * beyond(position) +
    0.03 * wave(position * 13 + seed * 31 + encoding.length);
  const byPosition = Array.from({ length }, (_, position) => nats(position));
  const score = (mean: number) => ({
    windows: 16384 / length,
    tokens: 16384,
    nats: mean,
    perplexity: Math.exp(mean),
    errorRate: 0.5,
    exactMatch: 0,
  });
  return {
    length,
    possible: true,
    scores: {
      "non-overlapping": score(byPosition.reduce((sum, value) => sum + value, 0) / length),
      sliding: score(byPosition.at(-1)!),
    },
    natsByPosition: byPosition,
  };
}

const sample = (count: number, limit: number): number[] =>
  Array.from({ length: count }, (_, index) => Math.round((index * (limit - 1)) / (count - 1)));

function picture(encoding: string): EncodingPicture {
  const positions = sample(32, 512);
  const distances = [...new Set(Array.from({ length: 60 }, (_, index) => Math.round(512 ** (index / 59)) - 1))];
  const heads = [0, 1, 2, 3];
  const biases: Record<string, (head: number, distance: number) => number> = {
    alibi: (head, distance) => -distance * 2 ** (-2 * (head + 1)),
    t5: (head, distance) => Math.sin(head + Math.log2(distance + 1)) * 0.8,
  };
  const bias = biases[encoding];
  if (bias) {
    return {
      bias: {
        positions,
        heads: heads.map((head) => positions.map((query) => positions.map((key) => bias(head, query - key)))),
        distances,
        byDistance: heads.map((head) => distances.map((distance) => bias(head, distance))),
      },
    };
  }
  const cosine = (distance: number): number =>
    Array.from({ length: 16 }, (_, pair) => Math.cos(distance * 10_000 ** (-pair / 16))).reduce(
      (sum, value) => sum + value / 16,
      0,
    );
  if (encoding === "rope") return { decay: { distances, values: distances.map(cosine) } };
  if (encoding === "sinusoidal")
    return { gram: { positions, values: positions.map((i) => positions.map((j) => cosine(i - j))) } };
  return {};
}

/** A number between −1 and 1 that looks random. */
function wave(seed: number): number {
  return Math.sin(seed * 12.9898) * Math.cos(seed * 78.233);
}
