// The character model of the benchmarks written for jax-js: its own attention, gradients and compilation of whole steps,
// Adam by hand. Runs in Node and in a browser. Every use of an array but the last is of `array.ref`.
import { defaultDevice, init, jit, nn, numpy as np, random, valueAndGrad } from "@jax-js/jax";

const [rate, beta1, beta2, epsilon] = [1e-3, 0.9, 0.999, 1e-8];

/** Times of steps and of forward passes, and losses, after one of each that is not timed. */
export async function main({ model, starts, runs }) {
  await init("wasm");
  defaultDevice("wasm");
  const { batch, length, vocabulary } = model;
  const logits = forward(model);
  const loss = (weights, tokens, labels) => {
    const picked = nn.logSoftmax(logits(weights, tokens)).mul(nn.oneHot(labels, vocabulary));
    return picked.sum().mul(-1 / (batch * length));
  };
  const step = jit(trainingStep(loss));
  const infer = jit((weights, tokens) => logits(weights, tokens).sum());

  let weights = initialWeights(model);
  let means = zerosLike(weights);
  let squares = zerosLike(weights);
  const samples = { stepMs: [], forwardMs: [], losses: [] };
  for (let run = 0; run <= runs; run++) {
    const ids = (first) => idsOf(model, starts[run % starts.length], first);
    const start = performance.now();
    const corrections = np.array([1 - beta1 ** (run + 1), 1 - beta2 ** (run + 1)]);
    const result = step(weights, means, squares, corrections, ids(0), ids(1));
    weights = result.weights;
    means = result.means;
    squares = result.squares;
    const [value] = await result.loss.data();
    await Promise.all(Object.values(weights).map((array) => array.blockUntilReady()));
    const between = performance.now();
    await infer(referred(weights), ids(0)).data();
    const end = performance.now();
    samples.losses.push(value);
    if (run === 0) continue;
    samples.stepMs.push(between - start);
    samples.forwardMs.push(end - between);
  }
  return samples;
}

const mapped = (arrays, change) =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, change(array, name)]));
const referred = (arrays) => mapped(arrays, (array) => array.ref);
const zerosLike = (arrays) => mapped(arrays, (array) => np.zeros(array.shape));

function initialWeights({ layers, width, vocabulary }) {
  let key = 0;
  const normal = (...shape) => random.normal(random.key(key++), shape).mul(0.02);
  const block = (layer) => ({
    [`${layer}.attentionNorm`]: np.ones([width]),
    [`${layer}.mixed`]: normal(width, 3 * width),
    [`${layer}.output`]: normal(width, width),
    [`${layer}.networkNorm`]: np.ones([width]),
    [`${layer}.up`]: normal(width, 4 * width),
    [`${layer}.down`]: normal(4 * width, width),
  });
  const blocks = Array.from({ length: layers }, (_, layer) => block(layer));
  return Object.assign({ embedding: normal(vocabulary, width), norm: np.ones([width]) }, ...blocks);
}

/** Rows that count up from their starts. */
function idsOf({ length, vocabulary }, starts, first) {
  const rows = starts.map((start) => Array.from({ length }, (_, place) => (start + first + place) % vocabulary));
  return np.array(Int32Array.from(rows.flat()), { dtype: np.int32 }).reshape([starts.length, length]);
}

function forward({ layers, width, heads, length, batch, vocabulary }) {
  const size = width / heads;
  const table = (of) =>
    np
      .array(
        Float32Array.from({ length: (length * size) / 2 }, (_, index) => {
          const [position, pair] = [Math.floor(index / (size / 2)), index % (size / 2)];
          return of(position * 10_000 ** ((-2 * pair) / size));
        }),
      )
      .reshape([length, 1, size / 2]);
  const [cos, sin] = [table(Math.cos), table(Math.sin)];

  const norm = (x, scale) => nn.standardize(x, -1).mul(scale);
  const rotated = (x) => {
    const [left, right] = np.split(x, 2, -1);
    const first = left.ref.mul(cos.ref).sub(right.ref.mul(sin.ref));
    return np.concatenate([first, right.mul(cos.ref).add(left.mul(sin.ref))], -1);
  };
  const attend = (x, mixed, output) => {
    const parts = np.split(np.matmul(x, mixed).reshape([batch, length, 3 * heads, size]), 3, 2);
    const [query, key, value] = parts;
    const joined = nn.dotProductAttention(rotated(query), rotated(key), value, { isCausal: true });
    return np.matmul(joined.reshape([batch * length, width]), output);
  };

  return (weights, tokens) => {
    const { embedding } = weights;
    let x = np.matmul(nn.oneHot(tokens.reshape([batch * length]), vocabulary), embedding.ref);
    for (let layer = 0; layer < layers; layer++) {
      const weight = (name) => weights[`${layer}.${name}`];
      x = x.ref.add(attend(norm(x, weight("attentionNorm")), weight("mixed"), weight("output")));
      const widened = nn.gelu(np.matmul(norm(x.ref, weight("networkNorm")), weight("up")));
      x = x.add(np.matmul(widened, weight("down")));
    }
    return np.matmul(norm(x, weights.norm), embedding.transpose()).reshape([batch, length, vocabulary]);
  };
}

function trainingStep(loss) {
  const differentiated = valueAndGrad(loss);
  return (weights, means, squares, corrections, tokens, labels) => {
    const [value, gradients] = differentiated(referred(weights), tokens, labels);
    const [first, second] = np.split(corrections, 2);
    const newMeans = mapped(means, (mean, name) => mean.mul(beta1).add(gradients[name].ref.mul(1 - beta1)));
    const newSquares = mapped(squares, (square, name) =>
      square.mul(beta2).add(np.square(gradients[name]).mul(1 - beta2)),
    );
    const newWeights = mapped(weights, (weight, name) => {
      const mean = newMeans[name].ref.div(first.ref);
      const deviation = np.sqrt(newSquares[name].ref.div(second.ref)).add(epsilon);
      return weight.sub(mean.div(deviation).mul(rate));
    });
    first.dispose();
    second.dispose();
    return { loss: value, weights: newWeights, means: newMeans, squares: newSquares };
  };
}
