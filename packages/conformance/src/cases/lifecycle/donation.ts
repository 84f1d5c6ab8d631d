import { add, type Graph, matMul, mul, sub, type Tensor, tanh, trace, transpose } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { ConformanceCase } from "../../case.js";
import { evaluate, withExecutable } from "../../evaluate.js";
import { expectClose } from "../../tolerance.js";
import { values, within } from "../primitive/values.js";
import { difference, expectFailure, feeds, filled, lifecycle } from "./lifecycle-case.js";

const size = 24;
const matrix = { shape: [size, size], dtype: "float32" } as const;
const context = { length: size ** 2, magnitude: 4 };

/** One step of an optimizer with momentum on y = tanh(x·w): new weight, new momentum, and what reads both old ones. */
function step(): Graph {
  const compute = (x: Tensor, weight: Tensor, momentum: Tensor): readonly Tensor[] => {
    const y = tanh(matMul(x, weight));
    const gradient = matMul(transpose(x, [1, 0]), mul(y, sub(1, mul(y, y))));
    const next = add(mul(momentum, 0.9), mul(gradient, 0.01));
    return [sub(weight, mul(next, 0.1)), next, add(weight, momentum)];
  };
  return trace(compute, { ...matrix, name: "x" }, { ...matrix, name: "weight" }, { ...matrix, name: "momentum" });
}

/** Feeds outputs back, donated or not; returns the last outputs. */
async function repeated<T>(backend: Backend<T>, graph: Graph, times: number, donates: boolean) {
  const [, weight, momentum] = graph.inputs as readonly [Tensor, Tensor, Tensor];
  const donated = [
    { input: weight, output: 0 },
    { input: momentum, output: 1 },
  ];
  return withExecutable(backend, graph, donates ? { donated } : {}, async (executable) => {
    const x = await backend.upload(within(-0.3, 0.3)(matrix.shape, "float32", 1));
    let state = [2, 3].map((seed) => within(-0.3, 0.3)(matrix.shape, "float32", seed));
    let handles = [await backend.upload(state[0]!), await backend.upload(state[1]!)] as T[];
    for (let i = 0; i < times; i++) {
      const outputs = await executable.run(feeds(graph, [x, ...handles]));
      if (i === times - 1) state = await Promise.all(outputs.map((output) => backend.download(output)));
      for (const handle of [...(donates ? [] : handles), outputs[2] as T]) backend.dispose(handle);
      handles = outputs.slice(0, 2);
    }
    for (const handle of [x, ...handles]) backend.dispose(handle);
    return state;
  });
}

/** Giving an input away changes nothing but who owns it. */
export const donationCases: readonly ConformanceCase[] = [
  lifecycle("donation", "a loop gives the values that it gives without", async ({ backend, oracle }) => {
    const [actual, expected] = [await repeated(backend, step(), 20, true), await repeated(oracle, step(), 20, false)];
    for (const [index, value] of expected.entries()) expectClose(actual[index]!, value, "composite", context);
  }),

  lifecycle("donation", "a tensor given away is gone", async ({ backend }) => {
    const graph = difference();
    const donated = [{ input: graph.inputs[0] as Tensor, output: 0 }];
    await withExecutable(backend, graph, { donated }, async (executable) => {
      const [left, right] = [await backend.upload(filled(5)), await backend.upload(filled(1))];
      const [output] = await executable.run(feeds(graph, [left, right]));
      await expectFailure(backend.download(left), "downloading a tensor that was given away");
      backend.dispose(left);
      expectClose(await backend.download(output), filled(4), "exact");
      expectClose(await backend.download(right), filled(1), "exact");
      for (const handle of [right, output]) backend.dispose(handle);
    });
  }),

  lifecycle("donation", "a tensor that is read as another input too", async ({ backend, oracle }) => {
    const graph = trace((x, y) => sub(x, matMul(y, y)), matrix, matrix);
    const value = values(matrix.shape, "float32");
    const donated = [{ input: graph.inputs[0] as Tensor, output: 0 }];
    const [expected] = await evaluate(oracle, graph, [value, value]);
    await withExecutable(backend, graph, { donated }, async (executable) => {
      const handle = await backend.upload(value);
      const [output] = await executable.run(feeds(graph, [handle, handle]));
      expectClose(await backend.download(output), expected!, "contraction", { length: size, magnitude: 4 });
      for (const each of [handle, output]) backend.dispose(each);
    });
  }),

  lifecycle("donation", "of an input that later operations read", async ({ backend, oracle }) => {
    const graph = trace((x, y) => [add(x, y), matMul(x, y), transpose(x, [1, 0])], matrix, matrix);
    const donated = [{ input: graph.inputs[0] as Tensor, output: 0 }];
    const inputs = [values(matrix.shape, "float32", 1), values(matrix.shape, "float32", 2)];
    const expected = await evaluate(oracle, graph, inputs);
    await withExecutable(backend, graph, { donated }, async (executable) => {
      const [x, y] = [await backend.upload(inputs[0]!), await backend.upload(inputs[1]!)];
      const outputs = await executable.run(feeds(graph, [x, y]));
      for (const [index, value] of expected.entries()) {
        expectClose(await backend.download(outputs[index]), value, "contraction", { length: size, magnitude: 4 });
      }
      for (const handle of [y, ...outputs]) backend.dispose(handle);
    });
  }),

  lifecycle("donation", "outputs of earlier runs stay as they were", async ({ backend }) => {
    const graph = trace((x) => add(x, 1), { shape: [2, 2], dtype: "float32" });
    const donated = [{ input: graph.inputs[0] as Tensor, output: 0 }];
    await withExecutable(backend, graph, { donated }, async (executable) => {
      const [first] = await executable.run(feeds(graph, [await backend.upload(filled(1))]));
      const [second] = await executable.run(feeds(graph, [await backend.upload(filled(5))]));
      expectClose(await backend.download(first), filled(2), "exact");
      expectClose(await backend.download(second), filled(6), "exact");
      for (const handle of [first, second]) backend.dispose(handle);
    });
  }),
];
