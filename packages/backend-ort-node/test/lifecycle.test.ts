import { setTimeout as sleep } from "node:timers/promises";
import * as core from "@relpos/core";
import { type Tensor, tensor, trace, UnsupportedError } from "@relpos/core";
import { afterEach, expect, test } from "vitest";
import { createOrtNodeBackend, type OrtNodeOptions } from "../src/index.js";
import { noise, runGraph } from "./run-graph.js";

type OrtBackend = Awaited<ReturnType<typeof createOrtNodeBackend>>;

const open: OrtBackend[] = [];
afterEach(async () => {
  for (const backend of open.splice(0)) await backend.close();
});

async function create(options: OrtNodeOptions = { threads: 2 }): Promise<OrtBackend> {
  const backend = await createOrtNodeBackend(options);
  open.push(backend);
  return backend;
}

const product = trace(
  (a, b) => core.matMul(a!, b!),
  { name: "a", shape: [2, 2], dtype: "float32" },
  { name: "b", shape: [2, 2], dtype: "float32" },
);
const identity = tensor([1, 0, 0, 1], [2, 2]);
const some = tensor([1, 2, 3, 4], [2, 2]);

/** A run of about a second on two cores. */
const heavy = trace(
  (x) => {
    let y = x!;
    for (let i = 0; i < 24; i++) y = core.tanh(core.matMul(y, x!));
    return y;
  },
  { shape: [1200, 1200], dtype: "float32" },
);

test("upload, run, download", async () => {
  expect((await runGraph(await create(), product, [some, identity]))[0]).toEqual(some);
});

test("a backend says what it is, and closes twice", async () => {
  const backend = await create();
  expect([backend.name, backend.specVersion]).toEqual(["ort-node:cpu", 1]);
  expect([...backend.dtypes]).not.toContain("bfloat16");
  await backend.close();
  await backend.close();
  await expect(backend.upload(some)).rejects.toThrow('[upload] backend "ort-node:cpu" is closed');
  await expect(backend.compile(product)).rejects.toThrow("[compile]");
});

test("two backends live side by side", async () => {
  const [one, two] = [await create(), await create({ threads: 1 })];
  const [a, b] = await Promise.all([runGraph(one, product, [some, some]), runGraph(two, product, [some, some])]);
  expect(a).toEqual(b);
  await one.close();
  expect(await runGraph(two, product, [some, some])).toEqual(b);
});

test("a disposed tensor and a closed executable cannot be used", async () => {
  const backend = await create();
  const handle = await backend.upload(some);
  const executable = await backend.compile(product);
  const [a, b] = product.inputs as [Tensor, Tensor];
  backend.dispose(handle);
  backend.dispose(handle);
  await expect(backend.download(handle)).rejects.toThrow("[download] the tensor was disposed");
  await expect(
    executable.run(
      new Map([
        [a, handle],
        [b, handle],
      ]),
    ),
  ).rejects.toThrow("[run] input a was disposed");
  const live = await backend.upload(some);
  await expect(executable.run(new Map([[a, live]]))).rejects.toThrow("[run] input b was not fed");
  await executable.close();
  await executable.close();
  await expect(
    executable.run(
      new Map([
        [a, live],
        [b, live],
      ]),
    ),
  ).rejects.toThrow("[run] the executable is closed");
});

test("the same graph compiled again shares its session, and closing one leaves the other", async () => {
  const backend = await create();
  const [one, two] = [await backend.compile(product), await backend.compile(product)];
  await one.close();
  const handle = await backend.upload(some);
  const [output] = await two.run(new Map(product.inputs.map((input) => [input, handle])));
  expect((await backend.download(output!)).data).toEqual(Float32Array.of(7, 10, 15, 22));
});

test("uploaded data may be changed afterwards", async () => {
  const backend = await create();
  const data = Float32Array.of(1, 2);
  const handle = await backend.upload({ shape: [2], dtype: "float32", data });
  data.fill(9);
  expect((await backend.download(handle)).data).toEqual(Float32Array.of(1, 2));
});

test("an unsupported dtype is named", async () => {
  const backend = await create();
  const graph = trace((x) => x!.add(1), { shape: [2], dtype: "bfloat16" });
  await expect(backend.compile(graph)).rejects.toThrow(UnsupportedError);
  await expect(backend.compile(graph)).rejects.toThrow('[input] backend "ort-node:cpu" has no dtype bfloat16');
});

test("bfloat16 constants can be cast and used", async () => {
  const backend = await create();
  const weights = core.tensor([1.5, -2], [2], "bfloat16");
  const graph = trace((x) => core.mul(x!, core.cast(core.constant(weights), "float32")), {
    shape: [2],
    dtype: "float32",
  });
  expect((await runGraph(backend, graph, [tensor([2, 2], [2])]))[0]?.data).toEqual(Float32Array.of(3, -4));
});

test("what ONNX Runtime says comes back as an error, and the backend goes on", async () => {
  const backend = await create();
  const graph = trace(
    (x, i) => core.gather(x!, i!, 0),
    { shape: [2, 2], dtype: "float32" },
    { shape: [1], dtype: "int32" },
  );
  await expect(runGraph(backend, graph, [some, tensor([5], [1], "int32")])).rejects.toThrow(
    /^\[run\] ONNX Runtime: .*Gather.*out of data bounds/s,
  );
  expect((await runGraph(backend, product, [some, identity]))[0]).toEqual(some);
});

// One thread, and three attempts: what else runs on the machine delays timers too.
test("the event loop stays free during a heavy run", { retry: 2 }, async () => {
  const backend = await create({ threads: 1 });
  const executable = await backend.compile(heavy);
  const handle = await backend.upload(noise([1200, 1200]));
  const delays: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    delays.push(now - last - 10);
    last = now;
  }, 10);
  const start = performance.now();
  await executable.run(new Map([[heavy.inputs[0]!, handle]]));
  const duration = performance.now() - start;
  clearInterval(timer);
  delays.sort((a, b) => a - b);
  expect(duration).toBeGreaterThan(300);
  expect(delays[Math.floor(delays.length * 0.99)]).toBeLessThan(50);
});

test("an aborted run rejects at once, and the backend goes on", async () => {
  const backend = await create();
  const executable = await backend.compile(heavy);
  const handle = await backend.upload(noise([1200, 1200]));
  const controller = new AbortController();
  const start = performance.now();
  const run = executable.run(new Map([[heavy.inputs[0]!, handle]]), { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 20);
  await expect(run).rejects.toThrow("enough");
  expect(performance.now() - start).toBeLessThan(200);
  await expect(executable.run(new Map([[heavy.inputs[0]!, handle]]), { signal: AbortSignal.abort() })).rejects.toThrow(
    "aborted",
  );
  expect((await runGraph(backend, product, [some, identity]))[0]).toEqual(some);
});

test("closing rejects what waits", async () => {
  const backend = await create();
  const executable = await backend.compile(heavy);
  const handle = await backend.upload(noise([1200, 1200]));
  const run = executable.run(new Map([[heavy.inputs[0]!, handle]]));
  const rejected = expect(run).rejects.toThrow("[run] the backend was closed");
  await sleep(10);
  await backend.close();
  await rejected;
});

test("a device that cannot be started is an error with a remedy", async () => {
  await expect(createOrtNodeBackend({ device: "cuda" })).rejects.toThrow(
    /^\[createOrtNodeBackend\] cannot start "cuda"\. Run onnxruntime-node's install script/,
  );
  await expect(createOrtNodeBackend({ device: "tpu" as "cpu" })).rejects.toThrow(
    "[createOrtNodeBackend] device must be one of cpu, webgpu, cuda, got tpu",
  );
  await expect(createOrtNodeBackend({ threads: 0 })).rejects.toThrow(
    "[createOrtNodeBackend] threads must be a positive whole number, got 0",
  );
});
