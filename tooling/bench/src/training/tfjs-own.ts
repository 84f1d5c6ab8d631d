// Run by the backends benchmark in a process of its own: the same character model written for TensorFlow.js, with its own
// gradients and its own Adam. Embeddings by one-hot products and GELU by tanh, because the wasm backend can train with
// nothing else.
import * as tf from "@tensorflow/tfjs";
import { isolatedArgument } from "../isolate.js";
import { batchOf } from "./character-model.js";
import type { TrainingSettings } from "./models.js";

export interface TfjsSettings {
  readonly device: "cpu" | "wasm";
  readonly model: TrainingSettings;
  readonly runs: number;
}

export interface TfjsSamples {
  readonly stepMs: readonly number[];
  readonly forwardMs: readonly number[];
  readonly losses: readonly number[];
}

const { device, model, runs } = isolatedArgument<TfjsSettings>();
if (device === "wasm") await import("@tensorflow/tfjs-backend-wasm");
await tf.setBackend(device);
await tf.ready();

const { layers, width, heads, length, batch, vocabulary } = model;
const size = width / heads;
const weight = (...shape: number[]): tf.Variable => tf.variable(tf.randomNormal(shape, 0, 0.02, "float32", 1));
const ones = (): tf.Variable => tf.variable(tf.ones([width]));
const embedding = weight(vocabulary, width);
const blocks = Array.from({ length: layers }, () => ({
  attentionNorm: ones(),
  mixed: weight(3 * width, width),
  output: weight(width, width),
  networkNorm: ones(),
  up: weight(4 * width, width),
  down: weight(width, 4 * width),
}));
const finalNorm = ones();

const angles = Array.from({ length }, (_, position) =>
  Array.from({ length: size / 2 }, (_, pair) => position * 10_000 ** ((-2 * pair) / size)),
);
const cos = tf.tensor2d(angles.map((row) => row.map(Math.cos)));
const sin = tf.tensor2d(angles.map((row) => row.map(Math.sin)));
const hidden = tf.tensor2d(angles.map((_, i) => angles.map((_, j) => (j > i ? -1e9 : 0))));

const linear = (x: tf.Tensor, w: tf.Tensor): tf.Tensor => tf.matMul(x, w, false, true);

function norm(x: tf.Tensor, scale: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5))), scale);
}

function rotated(x: tf.Tensor): tf.Tensor {
  const [left, right] = tf.split(x, 2, 3) as [tf.Tensor, tf.Tensor];
  return tf.concat([tf.sub(tf.mul(left, cos), tf.mul(right, sin)), tf.add(tf.mul(right, cos), tf.mul(left, sin))], 3);
}

function gelu(x: tf.Tensor): tf.Tensor {
  const inner = tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

function attend(x: tf.Tensor, { mixed, output }: (typeof blocks)[number]): tf.Tensor {
  const parts = tf.split(tf.reshape(linear(x, mixed), [batch, length, 3 * heads, size]), 3, 2);
  const [query, key, value] = parts.map((part) => tf.transpose(part, [0, 2, 1, 3])) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const products = tf.matMul(rotated(query), rotated(key), false, true);
  const weights = tf.softmax(tf.add(tf.mul(products, size ** -0.5), hidden));
  const joined = tf.reshape(tf.transpose(tf.matMul(weights, value), [0, 2, 1, 3]), [batch * length, width]);
  return linear(joined, output);
}

function logits(tokens: tf.Tensor1D): tf.Tensor {
  let x = tf.matMul(tf.oneHot(tokens, vocabulary), embedding);
  for (const block of blocks) {
    x = tf.add(x, attend(norm(x, block.attentionNorm), block));
    x = tf.add(x, linear(gelu(linear(norm(x, block.networkNorm), block.up)), block.down));
  }
  return linear(norm(x, finalNorm), embedding);
}

function loss(tokens: tf.Tensor1D, labels: tf.Tensor1D): tf.Scalar {
  const picked = tf.mul(tf.logSoftmax(logits(tokens)), tf.oneHot(labels, vocabulary));
  return tf.neg(tf.div(tf.sum(picked), batch * length));
}

const optimizer = tf.train.adam(1e-3);
const timed = (work: () => void): number => {
  const start = performance.now();
  work();
  return performance.now() - start;
};
const ids = (data: ArrayLike<number>): tf.Tensor1D => tf.tensor1d(Array.from(data), "int32");
const losses: number[] = [];
const stepMs: number[] = [];
const forwardMs: number[] = [];
for (let run = 0; run <= runs; run++) {
  const { tokens, labels } = batchOf(model, run);
  const step = timed(() =>
    tf.tidy(() => {
      const [input, target] = [ids(tokens.data), ids(labels.data)];
      losses.push((optimizer.minimize(() => loss(input, target), true) as tf.Scalar).dataSync()[0] as number);
    }),
  );
  const forward = timed(() => tf.tidy(() => void tf.slice(logits(ids(tokens.data)), [0, 0], [1, 1]).dataSync()));
  if (run === 0) continue;
  stepMs.push(step);
  forwardMs.push(forward);
}
const samples: TfjsSamples = { stepMs, forwardMs, losses };
process.stdout.write(`${JSON.stringify(samples)}\n`);
