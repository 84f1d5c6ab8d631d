import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import * as core from "@relpos/core";
import { type Graph, type HostTensor, type Tensor, trace } from "@relpos/core";
import type { Backend, Donation } from "@relpos/core/backend";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOrtNodeBackend } from "../src/index.js";
import { noise } from "./run-graph.js";

let backend: Backend;
const reference = createReferenceBackend();
beforeAll(async () => {
  backend = await createOrtNodeBackend({ threads: 2 });
});
afterAll(() => backend.close());

const matrix = { shape: [24, 24], dtype: "float32" } as const;

/** One AdamW-like step of y = tanh(x·p): new parameter, both moments, loss. */
function step(x: Tensor, parameter: Tensor, first: Tensor, second: Tensor): readonly Tensor[] {
  const output = core.tanh(core.matMul(x, parameter));
  const gradient = core.matMul(core.transpose(x, [1, 0]), core.mul(output, core.sub(1, core.square(output))));
  const mean = core.add(core.mul(first, 0.9), core.mul(gradient, 0.1));
  const variance = core.add(core.mul(second, 0.99), core.mul(core.square(gradient), 0.01));
  const update = core.mul(core.div(mean, core.add(core.sqrt(variance), 1e-3)), 0.01);
  return [core.sub(core.mul(parameter, 0.999), update), mean, variance, core.reduceSum(core.square(output))];
}

/** Repeats a run, feeding donated outputs back; returns the last outputs. */
async function repeat<T>(
  on: Backend<T>,
  graph: Graph,
  donated: readonly Donation[],
  values: readonly HostTensor[],
  times: number,
) {
  const executable = await on.compile(graph, { donated });
  const handles = (await Promise.all(values.map((value) => on.upload(value)))) as T[];
  let outputs: readonly T[] = [];
  for (let i = 0; i < times; i++) {
    outputs = await executable.run(new Map(graph.inputs.map((input, index) => [input, handles[index] as T])));
    for (const { input, output } of donated) handles[graph.inputs.indexOf(input)] = outputs[output] as T;
  }
  const results = await Promise.all(outputs.map((output) => on.download(output)));
  await executable.close();
  return results;
}

test("a training loop agrees with the reference after twenty steps", async () => {
  const graph = trace(step as never, matrix, matrix, matrix, matrix);
  const donated = [1, 2, 3].map((index) => ({ input: graph.inputs[index]!, output: index - 1 }));
  const values = [
    noise([24, 24]),
    noise([24, 24], 2),
    noise([24, 24], 3),
    core.tensor(noise([24, 24], 4).data.map(Math.abs), [24, 24]),
  ];
  const expected = await repeat(reference, graph, donated, values, 20);
  const actual = await repeat(backend, graph, donated, values, 20);
  expected.forEach((value, index) => {
    expectClose(actual[index]!, value, "composite", { length: 24 * 20, magnitude: 24 });
  });
});

test("a donation that cannot be written in place gives the right values too", async () => {
  const graph = trace((x, y) => [core.matMul(x!, y!), core.transpose(x!, [1, 0])], matrix, matrix);
  const donated = [{ input: graph.inputs[0]!, output: 0 }];
  const values = [noise([24, 24]), noise([24, 24], 2)];
  const [expected, actual] = [
    await repeat(reference, graph, donated, values, 3),
    await repeat(backend, graph, donated, values, 3),
  ];
  expected.forEach((value, index) => {
    expectClose(actual[index]!, value, "contraction", { length: 24 ** 3, magnitude: 1 });
  });
});

test("a donated tensor is gone; one that was fed twice is not written while it is read", async () => {
  const graph = trace((x, y) => [core.sub(x!, core.matMul(y!, y!))], matrix, matrix);
  const [x, y] = graph.inputs as [Tensor, Tensor];
  const executable = await backend.compile(graph, { donated: [{ input: x, output: 0 }] });
  const value = noise([24, 24]);
  const handle = await backend.upload(value);
  const [output] = await executable.run(
    new Map([
      [x, handle],
      [y, handle],
    ]),
  );
  await expect(backend.download(handle)).rejects.toThrow("[download] the tensor was disposed");
  const oracle = await reference.compile(graph);
  const held = await reference.upload(value);
  const [expected] = await oracle.run(
    new Map([
      [x, held],
      [y, held],
    ]),
  );
  expectClose(await backend.download(output!), await reference.download(expected!), "contraction", { length: 24 });
  backend.dispose(handle);
});

test("a donated output of a run that is not fed stays as it was", async () => {
  const graph = trace((x) => [core.add(x!, 1)], matrix);
  const executable = await backend.compile(graph, { donated: [{ input: graph.inputs[0]!, output: 0 }] });
  const start = await backend.upload(noise([24, 24]));
  const [one] = await executable.run(new Map([[graph.inputs[0]!, start]]));
  const before = await backend.download(one!);
  const other = await backend.upload(noise([24, 24], 5));
  const [two] = await executable.run(new Map([[graph.inputs[0]!, other]]));
  expect(await backend.download(one!)).toEqual(before);
  expect(await backend.download(two!)).not.toEqual(before);
});

test("an input of another graph cannot be donated", async () => {
  const graph = trace((x) => [core.add(x!, 1)], matrix);
  const other = trace((x) => [core.add(x!, 1)], matrix);
  await expect(backend.compile(graph, { donated: [{ input: other.inputs[0]!, output: 0 }] })).rejects.toThrow(
    "[compile] a donated tensor must be an input of the graph",
  );
});
