import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import * as core from "@relpos/core";
import { dimension, type HostTensor, type Tensor, tensor, trace } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOrtNodeBackend } from "../src/index.js";
import { noise } from "./run-graph.js";

let backend: Backend;
const reference = createReferenceBackend();
beforeAll(async () => {
  backend = await createOrtNodeBackend({ threads: 2 });
});
afterAll(() => backend.close());

const [batch, sequence, past] = [dimension("batch"), dimension("sequence"), dimension("past")];
const total = core.addDims(past, sequence);

type Bindings = { readonly batch: number; readonly sequence: number; readonly past: number };

/** One compiled graph, run at several sizes, agrees with the reference at each. */
async function serves(
  f: (...inputs: readonly Tensor[]) => readonly Tensor[],
  specs: readonly core.TensorSpec[],
  feeds: (sizes: Bindings) => readonly HostTensor[],
  sizes: readonly Bindings[],
): Promise<void> {
  const graph = trace(f, ...specs);
  const [executable, oracle] = [await backend.compile(graph), await reference.compile(graph)];
  for (const binding of sizes) {
    const values = feeds(binding);
    const run = async (on: Backend<never>, program: typeof executable) => {
      const handles = await Promise.all(values.map((value) => on.upload(value)));
      const outputs = await program.run(new Map(graph.inputs.map((input, index) => [input, handles[index]])));
      return Promise.all(outputs.map((output) => on.download(output as never)));
    };
    const actual = await run(backend as Backend<never>, executable);
    const expected = await run(reference as unknown as Backend<never>, oracle as typeof executable);
    expected.forEach((output, index) => {
      expect(actual[index]?.shape).toEqual(output.shape);
      expectClose(actual[index] as HostTensor, output, "composite", { length: 64, magnitude: 4 });
    });
  }
  await executable.close();
}

const sizes: readonly Bindings[] = [
  { batch: 1, sequence: 1, past: 4 },
  { batch: 2, sequence: 5, past: 3 },
  { batch: 3, sequence: 7, past: 0 },
  { batch: 1, sequence: 520, past: 1 },
];

test("every primitive that has sizes among its attributes", async () => {
  const f = (x: Tensor, y: Tensor) => [
    core.reshape(x, [core.multiplyDims(batch, sequence), 8]),
    core.reshape(x, [8, sequence, batch]),
    core.expand(core.reshape(y, [1, past, 1]), [sequence, past, batch]),
    core.slice(core.concat([y, core.iota([sequence], 0, "float32")], 0), { 0: [past, total] }),
    core.slice(core.concat([y, core.iota([sequence], 0, "float32")], 0), { 0: [0, past] }),
    core.pad(y, { 0: [sequence, core.multiplyDims(2, batch)] }, 3),
    core.iota([batch, total, 2], 1),
    core.iota([total, batch], 1, "float32"),
    core.causalMask(sequence, total),
    core.causalMask(sequence, total, 2),
  ];
  const specs: core.TensorSpec[] = [
    { name: "x", shape: [batch, sequence, 8], dtype: "float32" },
    { name: "y", shape: [past], dtype: "float32" },
  ];
  await serves(f, specs, (n) => [noise([n.batch, n.sequence, 8]), noise([n.past], 2)], sizes);
});

test.each([
  { options: { causal: true }, bias: false, mask: false, rows: 1 },
  { options: { causal: true, window: 3, softcap: 2 }, bias: false, mask: false, rows: 1 },
  { options: { causal: true }, bias: true, mask: false, rows: 1 },
  { options: { causal: true }, bias: false, mask: true, rows: undefined },
  { options: {}, bias: true, mask: false, rows: undefined },
])(
  "attention with a cache, rotary embedding and linear: $options, bias $bias, mask $mask, batch $rows",
  async ({ options, bias, mask, rows }) => {
    const size = rows ?? batch;
    const heads = (x: Tensor) => core.transpose(core.reshape(x, [size, sequence, 2, 8]), [0, 2, 1, 3]);
    const f = (
      x: Tensor,
      weight: Tensor,
      cos: Tensor,
      sin: Tensor,
      key: Tensor,
      value: Tensor,
      added: Tensor,
      seen: Tensor,
    ) => {
      const projected = heads(core.linear(x, weight));
      const turned = core.rotaryEmbedding(projected, cos, sin);
      const extra = { bias: bias ? added : undefined, mask: mask ? seen : undefined };
      const result = core.attention(turned, turned, projected, { ...options, ...extra, past: { key, value } });
      const joined = core.reshape(core.transpose(result.output, [0, 2, 1, 3]), [size, sequence, 16]);
      return [core.rmsNorm(joined, core.constant(tensor(new Array(16).fill(0.5), [16]))), result.key, result.value];
    };
    const float = (...shape: readonly core.Dim[]): core.TensorSpec => ({ shape, dtype: "float32" });
    const specs = [
      float(size, sequence, 16),
      float(16, 16),
      float(1, sequence, 4),
      float(1, sequence, 4),
      float(size, 2, past, 8),
      float(size, 2, past, 8),
      float(1, 2, sequence, total),
      { shape: [size, 1, 1, total], dtype: "bool" } as core.TensorSpec,
    ];
    const feeds = ({ batch: some, sequence: length, past: before }: Bindings) => {
      const count = rows ?? some;
      const keys = noise([count, 1, 1, before + length], 8);
      return [
        noise([count, length, 16]),
        noise([16, 16], 2),
        noise([1, length, 4], 3),
        noise([1, length, 4], 4),
        noise([count, 2, before, 8], 5),
        noise([count, 2, before, 8], 6),
        noise([1, 2, length, before + length], 7),
        tensor(
          Array.from(keys.data, (x) => (x > -0.5 ? 1 : 0)),
          keys.shape,
          "bool",
        ),
      ];
    };
    await serves(f as never, specs, feeds, sizes);
  },
);

test.each([
  { heads: 4, window: undefined, count: 1 },
  { heads: 2, window: 6, count: 1 },
  { heads: 4, window: undefined, count: 2 },
])("attention to the first rows of a past: $heads heads on 2, window $window, batch $count", async (own) => {
  const { heads, window, count } = own;
  const f = (query: Tensor, key: Tensor, value: Tensor, pastKey: Tensor, pastValue: Tensor, length: Tensor) => {
    const earlier = { key: pastKey, value: pastValue, length };
    const attended = core.attention(query, key, value, { causal: true, window, past: earlier });
    return [core.transpose(attended.output, [0, 2, 1, 3]), attended.key, attended.value];
  };
  const [queries, keys] = [heads, 2].map((some) => ({ shape: [count, some, sequence, 8], dtype: "float32" }) as const);
  const before = { shape: [count, 2, past, 8], dtype: "float32" } as const;
  const specs = [queries!, keys!, keys!, before, before, { shape: [count], dtype: "int32" } as const];
  for (const share of [0, 0.5, 1]) {
    const feeds = ({ sequence: length, past: capacity }: Bindings) => [
      noise([count, heads, length, 8]),
      ...[2, 3].map((seed) => noise([count, 2, length, 8], seed)),
      ...[4, 5].map((seed) => noise([count, 2, capacity, 8], seed)),
      tensor(
        Array.from({ length: count }, (_, row) => Math.floor(share * capacity) * (1 - row)),
        [count],
        "int32",
      ),
    ];
    const some = [1, 5, 130].map((length) => ({ batch: count, sequence: length, past: 9 }));
    await serves(f as never, specs, feeds, some);
  }
});

test("a shape that does not fit is an error that names the input", async () => {
  const graph = trace(
    (x, y) => core.add(x!, y!),
    { name: "x", shape: [batch, 2], dtype: "float32" },
    { name: "y", shape: [batch, 2], dtype: "float32" },
  );
  const executable = await backend.compile(graph);
  const [x, y] = [await backend.upload(noise([2, 2])), await backend.upload(noise([3, 2]))];
  const [a, b] = graph.inputs as [Tensor, Tensor];
  await expect(
    executable.run(
      new Map([
        [a, x],
        [b, y],
      ]),
    ),
  ).rejects.toThrow("[run] input y must have shape [batch, 2], got [3,2]");
});
