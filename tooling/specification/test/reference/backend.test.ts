import { createReferenceBackend, type ReferenceTensor } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import {
  add,
  dimension,
  exactTensor,
  type HostTensor,
  matMul,
  mul,
  reduceSum,
  run,
  softmax,
  tensor,
  trace,
} from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { describe, expect, test } from "vitest";

const vector = (...values: number[]): HostTensor => exactTensor(values, [values.length]);
const type = { shape: [2], dtype: "float32" } as const;

/** x ↦ 2x + 1, ready to run. */
async function affine(backend: Backend<ReferenceTensor>, donate = false) {
  const graph = trace((x) => x.mul(2).add(1), type);
  const input = graph.inputs[0]!;
  const executable = await backend.compile(graph, donate ? { donated: [{ input, output: 0 }] } : {});
  return { executable, input, run: async (x: ReferenceTensor) => (await executable.run(new Map([[input, x]])))[0]! };
}

describe("upload and download", () => {
  test.each([
    ["float32", [0.5, -2, Number.NaN]],
    ["float16", [0.5, -2, 65504]],
    ["bfloat16", [0.5, -2, 2 ** 100]],
    ["int32", [1, -2, 2 ** 31 - 1]],
    ["int8", [1, -128, 127]],
    ["uint8", [0, 128, 255]],
    ["bool", [0, 1, 1]],
  ] as const)("%s comes back as it was", async (dtype, values) => {
    const backend = createReferenceBackend();
    const value = tensor(values, [3, 1], dtype);
    expectClose(await backend.download(await backend.upload(value)), value, "exact");
  });

  test("float32 comes back in 64 bits", async () => {
    const backend = createReferenceBackend();
    const value = await backend.download(await backend.upload(vector(0.1)));
    expect(value).toEqual({ shape: [1], dtype: "float32", data: Float64Array.of(0.1) });
  });

  test("both copy", async () => {
    const backend = createReferenceBackend();
    const value = vector(1, 2);
    const handle = await backend.upload(value);
    value.data[0] = 100;
    (await backend.download(handle)).data[1] = 100;
    expectClose(await backend.download(handle), vector(1, 2), "exact");
  });
});

describe("running", () => {
  test("feeds stay usable, and outputs are never aliases of them", async () => {
    const backend = createReferenceBackend();
    const graph = trace((x) => [x, x, x.reshape([2, 1])], type);
    const executable = await backend.compile(graph);
    const x = await backend.upload(vector(3, 4));
    const outputs = await executable.run(new Map([[graph.inputs[0]!, x]]));
    expect(new Set([x, ...outputs].map(({ data }) => data.buffer)).size).toBe(4);
    for (const output of outputs.slice(0, 2)) expectClose(await backend.download(output), vector(3, 4), "exact");
  });

  test("one executable serves every size", async () => {
    const backend = createReferenceBackend();
    const batch = dimension("batch");
    const graph = trace((x) => reduceSum(x, 1), { shape: [batch, 2], dtype: "float32" });
    const executable = await backend.compile(graph);
    for (const [value, expected] of [
      [exactTensor([1, 2], [1, 2]), vector(3)],
      [exactTensor([1, 2, 3, 4], [2, 2]), vector(3, 7)],
      [exactTensor([], [0, 2]), vector()],
    ] as const) {
      const [sum] = await executable.run(new Map([[graph.inputs[0]!, await backend.upload(value)]]));
      expectClose(await backend.download(sum!), expected, "exact");
    }
  });

  test("composites are decomposed, since none is claimed", async () => {
    const backend = createReferenceBackend();
    const executable = await backend.compile(trace((x) => softmax(x), type));
    expect(executable.graph.nodes.every((node) => node.kind === "primitive")).toBe(true);
    const [x, y] = [Math.exp(1), Math.exp(3)];
    const expected = vector(x / (x + y), y / (x + y));
    expectClose(await run(backend, (x) => softmax(x), vector(1, 3)), expected, "composite", { length: 2 });
  });

  test("gradient descent finds w with X·w = y", async () => {
    const backend = createReferenceBackend();
    const graph = trace(
      (w, x, y) => {
        const error = matMul(x, w).sub(y);
        return w.sub(matMul(x.transpose([1, 0]), error).mul(0.1));
      },
      { shape: [2, 1], dtype: "float32" },
      { shape: [3, 2], dtype: "float32" },
      { shape: [3, 1], dtype: "float32" },
    );
    const [w, x, y] = [graph.inputs[0]!, graph.inputs[1]!, graph.inputs[2]!];
    const step = await backend.compile(graph, { donated: [{ input: w, output: 0 }] });
    const data = await backend.upload(exactTensor([1, 0, 0, 1, 1, 1], [3, 2]));
    const target = await backend.upload(exactTensor([2, -3, -1], [3, 1]));
    let weights = await backend.upload(exactTensor([0, 0], [2, 1]));
    for (let i = 0; i < 500; i++) {
      [weights] = (await step.run(
        new Map([
          [w, weights],
          [x, data],
          [y, target],
        ]),
      )) as [ReferenceTensor];
    }
    expectClose(await backend.download(weights), exactTensor([2, -3], [2, 1]), "contraction", {
      length: 3,
      magnitude: 3,
    });
  });
});

describe("lifecycle", () => {
  test("a disposed tensor has no values any more; disposing twice is fine", async () => {
    const backend = createReferenceBackend();
    const { run } = await affine(backend);
    const x = await backend.upload(vector(1, 2));
    backend.dispose(x);
    backend.dispose(x);
    expect(x.data.length).toBe(0);
    await expect(backend.download(x)).rejects.toThrow("disposed");
    await expect(run(x)).rejects.toThrow("disposed");
  });

  test("a donated input is given away, others are not", async () => {
    const backend = createReferenceBackend();
    const kept = await backend.upload(vector(1, 2));
    expectClose(await backend.download(await (await affine(backend)).run(kept)), vector(3, 5), "exact");
    expectClose(await backend.download(kept), vector(1, 2), "exact");

    const donated = await backend.upload(vector(1, 2));
    expectClose(await backend.download(await (await affine(backend, true)).run(donated)), vector(3, 5), "exact");
    await expect(backend.download(donated)).rejects.toThrow("disposed");
  });

  test("closing is final, frees everything, and may be repeated", async () => {
    const backend = createReferenceBackend();
    const { run, executable } = await affine(backend);
    const x = await backend.upload(vector(1, 2));
    await executable.close();
    await executable.close();
    await expect(run(x)).rejects.toThrow("closed");
    await backend.close();
    await backend.close();
    expect(x.data.length).toBe(0);
    await expect(backend.upload(vector(1))).rejects.toThrow("closed");
  });

  test("two backends do not know each other's tensors", async () => {
    const [one, two] = [createReferenceBackend(), createReferenceBackend()];
    const graph = trace(add, type, type);
    const both = await Promise.all([one, two].map((backend) => backend.compile(graph)));
    const [a, b] = [await one.upload(vector(1, 2)), await two.upload(vector(10, 20))];
    const feeds = (x: ReferenceTensor) => new Map(graph.inputs.map((input) => [input, x]));
    const [[sumA], [sumB]] = await Promise.all([both[0]!.run(feeds(a)), both[1]!.run(feeds(b))]);
    expectClose(await one.download(sumA!), vector(2, 4), "exact");
    expectClose(await two.download(sumB!), vector(20, 40), "exact");
    await expect(two.download(a)).rejects.toThrow();
    await one.close();
    expectClose(await two.download(b), vector(10, 20), "exact");
  });

  test("an aborted signal stops compile and run", async () => {
    const backend = createReferenceBackend();
    const signal = AbortSignal.abort(new Error("stop"));
    const graph = trace((x) => mul(x, x), type);
    await expect(backend.compile(graph, { signal })).rejects.toThrow("stop");
    const executable = await backend.compile(graph);
    const feeds = new Map([[graph.inputs[0]!, await backend.upload(vector(1, 2))]]);
    await expect(executable.run(feeds, { signal })).rejects.toThrow("stop");
  });

  test("many short runs in a row leave other events their turn", async () => {
    const backend = createReferenceBackend();
    const { run } = await affine(backend);
    const x = await backend.upload(vector(1, 2));
    let aborted = false;
    setTimeout(() => {
      aborted = true;
    });
    for (const start = performance.now(); !aborted && performance.now() - start < 10_000; )
      backend.dispose(await run(x));
    expect(aborted).toBe(true);
  });
});
