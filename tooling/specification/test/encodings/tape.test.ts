import { expectClose } from "@relpos/conformance";
import { gaussian, runOn } from "@relpos/conformance/cases";
import {
  add,
  concat,
  dimension,
  exactTensor,
  graph,
  type HostTensor,
  positions,
  run,
  runAll,
  slice,
  Tensor,
  tensor,
} from "@relpos/core";
import {
  alibi,
  combine,
  counterRotation,
  none,
  type PositionEncoding,
  rope,
  rotate,
  tape,
} from "@relpos/core/encodings";
import {
  encodedAttention,
  type KeyValue,
  type Named,
  type SequenceInput,
  type Transformer,
  type TransformerOptions,
  transformer,
} from "@relpos/core/nn";
import { nextToken, sgd, Trainer, tokenBatch } from "@relpos/core/train";
import { describe, expect, test } from "vitest";
import { checkGradients } from "../../src/check-gradients.js";
import { largestDifference, range, sum } from "../../src/host-numbers.js";
import { movedParameters, namedAs } from "../../src/parameters.js";
import { useBackends } from "../use-backends.js";

const backends = useBackends();
const oracle = () => backends()[0] as ReturnType<typeof backends>[number];

const sizes = { vocabulary: 7, layers: 3, width: 8, heads: 2, feedForward: 12, initialDeviation: 0.5 } as const;
const tokens = tensor([1, 4, 2, 0, 6, 3, 5, 5, 1, 2], [2, 5], "int32");
const length = 5;
const tolerance = { length: 100, magnitude: 10 } as const;

const modelWith = (position: TransformerOptions["position"], options: Partial<TransformerOptions> = {}) =>
  transformer({ ...sizes, kvHeads: 1, position, ...options });

/** Initial weights, those of positions moved far enough that states differ much from rotations. */
function weightsOf(model: Transformer, moved: (name: string) => boolean = (name) => name.includes(".position.")) {
  return Object.entries(model.parameters).map(([name, spec]) => {
    return movedParameters({ [name]: spec }, 3, moved(name) ? 0.4 : 0)[name] as HostTensor;
  });
}

const named = (model: Transformer, values: readonly Tensor[]): Named<Tensor> => namedAs(model.parameters, values);

interface Call {
  readonly weights: readonly HostTensor[];
  readonly tokens?: HostTensor;
  readonly positions?: HostTensor;
}

/** A model's output before its head [B, S, width]. */
function hidden(model: Transformer, call: Call, backend = oracle()): Promise<HostTensor> {
  const at = call.positions ?? positions(length);
  return run(
    backend,
    (ids, places, ...weights) => {
      const input: SequenceInput = { tokens: ids as Tensor, positions: places as Tensor };
      return model.encode(named(model, weights as Tensor[]), input).hidden;
    },
    call.tokens ?? tokens,
    at,
    ...call.weights,
  );
}

test("begins exactly as RoPE", async () => {
  const [model, plain] = [modelWith(tape()), modelWith(rope())];
  const untouched = () => false;
  const expected = await hidden(plain, { weights: weightsOf(plain, untouched) });
  expect(await hidden(model, { weights: weightsOf(model, untouched) })).toEqual(expected);
  expect(largestDifference(await hidden(model, { weights: weightsOf(model) }), expected)).toBeGreaterThan(0.05);
});

describe("a layer agrees with the formula written out", () => {
  const [heads, size, width] = [2, 4, 6];
  const encoding = tape({ size: 3 });
  const shape = { width, layers: 2, heads, kvHeads: heads, headSize: size };
  const parameters = Object.entries(encoding.parameters(shape)).map(([name, spec]) => [
    name,
    gaussian(spec.shape, name),
  ]) as [string, HostTensor][];
  const weight = Object.fromEntries(parameters) as Record<"mix" | "up" | "gate" | "down", HostTensor>;
  const state = gaussian([1, length, heads * size], "state");
  const fed = gaussian([1, length, width], "fed");
  const [q, k, v] = ["q", "k", "v"].map((seed) => gaussian([1, heads, length, size], seed)) as HostTensor[];
  const at = (x: HostTensor | undefined, ...index: readonly number[]): number => {
    const flat = index.reduce((offset, i, axis) => offset * ((x as HostTensor).shape[axis] as number) + i, 0);
    return (x as HostTensor).data[flat] as number;
  };
  const e = (s: number, h: number, d: number) => at(state, 0, s, h * size + d);

  const turned = (x: HostTensor | undefined, h: number, s: number) =>
    range(size).map((d) => {
      const [pair, other] = [d % 2, (d + 2) % size];
      return at(x, 0, h, s, d) * e(s, h, pair) + (d < 2 ? -1 : 1) * at(x, 0, h, s, other) * e(s, h, 2 + pair);
    });
  const weightsOfRow = (h: number, i: number) => {
    const exps = range(i + 1).map((j) => {
      const [query, key] = [turned(q, h, i), turned(k, h, j)];
      return Math.exp(0.7 * sum(query.map((value, d) => value * (key[d] as number))));
    });
    return exps.map((value) => value / sum(exps));
  };
  const attended = (i: number, h: number, d: number) => sum(weightsOfRow(h, i).map((a, j) => a * e(j, h, d)));
  const mixed = (i: number, h: number, d: number) => e(i, h, d) + at(weight.mix, h) * attended(i, h, d);
  const next = (i: number, h: number, d: number) => {
    const terms = range(3).map((p) => {
      const x = sum(range(width).map((c) => at(weight.gate, p, c) * at(fed, 0, i, c)));
      const raised = sum(range(heads).map((other) => at(weight.up, p, other) * mixed(i, other, d)));
      return at(weight.down, h, p) * (x / (1 + Math.exp(-x))) * raised;
    });
    return mixed(i, h, d) + sum(terms);
  };

  test("attention, its averages of the state, and the next layer's state", async () => {
    const [output, averages, carried] = await runAll(
      oracle(),
      (...given) => {
        const [query, key, value, own, x, at, ...values] = given as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
        const options = { encoding, parameters: namedAs(weight, values), queryPositions: at, keyPositions: at };
        const result = encodedAttention(query, key, value, { ...options, state: own, causal: true, scale: 0.7 });
        if (!result.carried) throw new Error("nothing carried");
        const context = { parameters: options.parameters, ...result.carried, output: x, heads };
        return [result.output, result.carried.attended, (encoding as PositionEncoding).carry?.(context) as Tensor];
      },
      ...[q, k, v, state, fed].map((x) => x as HostTensor),
      positions(length),
      ...parameters.map(([, value]) => value),
    );
    const byToken = (f: (i: number, h: number, d: number) => number) =>
      exactTensor(
        range(length).flatMap((i) => range(heads).flatMap((h) => range(size).map((d) => f(i, h, d)))),
        [1, length, heads * size],
      );
    const expected = range(heads).flatMap((h) =>
      range(length).flatMap((i) =>
        range(size).map((d) => sum(weightsOfRow(h, i).map((a, j) => a * at(v, 0, h, j, d)))),
      ),
    );
    expectClose(output as HostTensor, exactTensor(expected, [1, heads, length, size]), "composite", tolerance);
    expectClose(averages as HostTensor, byToken(attended), "composite", tolerance);
    expectClose(carried as HostTensor, byToken(next), "composite", tolerance);
    const norm = next(2, 0, 0) ** 2 + next(2, 0, 2) ** 2;
    expect(Math.abs(norm - 1)).toBeGreaterThan(0.1);
  });

  test("the first state turns as RoPE does", async () => {
    const first = await run(
      oracle(),
      (x, places) => encoding.state({ parameters: {} as never, x, positions: places, heads, headSize: size }),
      fed,
      positions(length),
    );
    const expected = range(length).flatMap((s) => range(heads).flatMap(() => [...rotate([1, 1, 0, 0], s)]));
    expectClose(first, exactTensor(expected, first.shape), "composite");
  });
});

test("gradients of two layers agree with central differences", async () => {
  const model = modelWith(tape(), { layers: 2, width: 4, feedForward: 4, vocabulary: 3 });
  await checkGradients(oracle(), {
    f: (ids, ...weights) => model.encode(named(model, weights), { tokens: ids as Tensor }).hidden,
    inputs: [tensor([1, 2, 0], [1, 3], "int32"), ...weightsOf(model)],
  });
});

describe("decoding with a cache equals decoding without", () => {
  const shared = tape();
  const cases: Readonly<Record<string, TransformerOptions["position"]>> = {
    tape: shared,
    "in every second layer": (layer) => (layer === 1 ? none() : shared),
    "with ALiBi": combine(tape(), alibi()),
  };
  test.each(Object.entries(cases))("%s", async (_, position) => {
    const model = modelWith(position);
    const weights = weightsOf(model);
    for (const backend of backends()) {
      const whole = await hidden(model, { weights }, backend);
      for (const splits of [
        [1, length],
        [3, length],
        [1, 2, 3, 4, length],
      ]) {
        const stepped = await run(
          backend,
          (ids, ...w) => {
            let past: readonly KeyValue[] | undefined;
            const parts = splits.map((end, index) => {
              const part = slice(ids as Tensor, { 1: [splits[index - 1] ?? 0, end] });
              const output = model.encode(named(model, w as Tensor[]), { tokens: part, past });
              past = output.present;
              return output.hidden;
            });
            return concat(parts, 1);
          },
          tokens,
          ...weights,
        );
        expectClose(stepped, whole, "composite", tolerance);
      }
    }
  });
});

test("lengths that are known only when the graph runs give the same", async () => {
  const model = modelWith(tape());
  const weights = weightsOf(model);
  for (const backend of backends()) {
    const ids = Tensor.input({ shape: [dimension("batch"), dimension("sequence")], dtype: "int32" }, "tokens");
    const inputs = weights.map(({ shape, dtype }, index) => Tensor.input({ shape, dtype }, `weight${index}`));
    const output = model.encode(named(model, inputs), { tokens: ids }).hidden;
    const executable = await backend.compile(graph([ids, ...inputs], [output]));
    const [open] = await runOn(backend, executable, [ids, ...inputs], [tokens, ...weights]);
    await executable.close();
    expectClose(open as HostTensor, await hidden(model, { weights }), "composite", tolerance);
  }
});

describe("training", () => {
  test.each([1, 2])("%i layers learn, and the last one's parameters stay where they are", async (layers) => {
    const model = modelWith(tape(), { layers });
    for (const backend of backends()) {
      const trainer = await Trainer.create(backend, {
        parameters: model.parameters,
        loss: nextToken(model),
        batch: tokenBatch(2, length),
        optimizer: sgd({ learningRate: 0.1 }),
      });
      const before = await trainer.downloadParameters();
      const labels = tensor([4, 2, 0, 6, 3, 5, 1, 2, 0, 1], [2, length], "int32");
      const losses = [];
      for (let step = 0; step < 8; step++) losses.push((await trainer.train({ tokens, labels })).loss);
      const after = await trainer.downloadParameters();
      await trainer.dispose();
      const moved = Object.keys(after).filter((name) => {
        return (
          name.includes(".position.") && largestDifference(after[name] as HostTensor, before[name] as HostTensor) > 0
        );
      });
      expect(losses.at(-1)).toBeLessThan(losses[0] as number);
      const names = ["down", "gate", "mix", "up"].map((name) => `layers.0.position.${name}`);
      expect(moved.toSorted()).toEqual(layers === 1 ? [] : names);
    }
  });
});

describe("positions", () => {
  test("scores depend on their differences only, in every layer", async () => {
    const model = modelWith(tape());
    const weights = weightsOf(model);
    const shifted = await hidden(model, { weights, positions: positions(length, 300) });
    expectClose(shifted, await hidden(model, { weights }), "composite", tolerance);
  });

  test("and not on the order in which tokens come, where attention sees both sides", async () => {
    const model = modelWith(tape(), { form: "encoder" });
    const weights = weightsOf(model);
    const order = [3, 0, 4, 1, 2];
    const rows = (data: ArrayLike<number>, stride: number) =>
      [0, 1].flatMap((row) =>
        order.flatMap((place) =>
          Array.from(data).slice((row * length + place) * stride, (row * length + place + 1) * stride),
        ),
      );
    const permuted = await hidden(model, {
      weights,
      tokens: tensor(rows(tokens.data, 1), [2, length], "int32"),
      positions: tensor(order, [length], "int32"),
    });
    const plain = await hidden(model, { weights });
    expectClose(permuted, exactTensor(rows(plain.data, sizes.width), plain.shape), "composite", tolerance);
  });
});

describe("what a layer carries", () => {
  const shared = tape();
  const everySecond = modelWith((layer) => (layer === 1 ? none() : shared));
  const withMoved = (layer: number) => {
    const weights = weightsOf(everySecond, (name) => name.startsWith(`layers.${layer}.position.`));
    return hidden(everySecond, { weights });
  };

  test("reaches the next layer with the same encoding, past others; the last layer's goes nowhere", async () => {
    const plain = await hidden(everySecond, { weights: weightsOf(everySecond, () => false) });
    expect(largestDifference(await withMoved(0), plain)).toBeGreaterThan(0.01);
    expect(await withMoved(2)).toEqual(plain);
  });

  test("does not go with encodings that change the output", () => {
    expect(() => combine(tape(), counterRotation())).toThrow(
      "[combine] a part that carries state from layer to layer goes with none that changes the output, got tape, counter-rotation",
    );
  });

  test("needs as many numbers for each head", async () => {
    const odd: PositionEncoding = {
      ...tape(),
      transform: undefined as never,
      state: ({ x }) => slice(x, { 2: [0, 3] }),
    };
    const model = modelWith({ ...odd, parameters: () => ({}), carry: ({ state, attended }) => add(state, attended) });
    await expect(hidden(model, { weights: weightsOf(model) })).rejects.toThrow(
      "[carry] heads must divide the state's size, got 2 and 3",
    );
  });
});
