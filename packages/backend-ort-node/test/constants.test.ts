import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import * as core from "@relpos/core";
import { type HostTensor, type Tensor, trace } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOrtNodeBackend } from "../src/index.js";
import { noise } from "./run-graph.js";

const folder = mkdtempSync(join(tmpdir(), "relpos-constants-"));
afterAll(() => rmSync(folder, { recursive: true }));

let backend: Backend;
const reference = createReferenceBackend();
beforeAll(async () => {
  backend = await createOrtNodeBackend({ threads: 1 });
});
afterAll(() => backend.close());

/** y = x·Wᵀ + rows of a large table. */
const graph = trace(
  (x: Tensor, weight: Tensor, shift: Tensor) => [core.linear(x, weight).add(shift)],
  { name: "x", shape: [3, 64], dtype: "float32" },
  { name: "weight", shape: [80, 64], dtype: "float32" },
  { name: "shift", shape: [80], dtype: "float32" },
);
const [x, weight, shift] = graph.inputs as [Tensor, Tensor, Tensor];
const [someX, someWeight, someShift] = [noise([3, 64]), noise([80, 64], 2), noise([80], 3)];

/** The weight behind `before` bytes of a file. */
function written(name: string, before: number): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, Buffer.concat([Buffer.alloc(before), Buffer.from((someWeight.data as Float32Array).buffer)]));
  return path;
}

async function runWith<T>(on: Backend<T>, constants: ReadonlyMap<Tensor, T>, fed: ReadonlyMap<Tensor, HostTensor>) {
  const executable = await on.compile(graph, { constants });
  try {
    const handles = await Promise.all([...fed].map(async ([input, value]) => [input, await on.upload(value)] as const));
    const [output] = await executable.run(new Map(handles));
    const result = await on.download(output as T);
    for (const handle of [...handles.map(([, value]) => value), output as T]) on.dispose(handle);
    return result;
  } finally {
    await executable.close();
  }
}

const expected = (): Promise<HostTensor> =>
  runWith(
    reference,
    new Map(),
    new Map([
      [x, someX],
      [weight, someWeight],
      [shift, someShift],
    ]),
  );

test("what is constant is not fed, on any backend", async () => {
  for (const on of [reference, backend] as Backend[]) {
    const constants = new Map([
      [weight, await on.upload(someWeight)],
      [shift, await on.upload(someShift)],
    ]);
    const { tensors } = await on.memory();
    const actual = await runWith(on, constants, new Map([[x, someX]]));
    expectClose(actual, await expected(), "contraction", { length: 64 });
    expect((await on.memory()).tensors).toBe(tensors);
    for (const handle of constants.values()) on.dispose(handle);
  }
});

test("a constant is mapped from where it lies in a file, whatever its alignment and links to it", async () => {
  const file = written("blobs/weights", 13);
  mkdirSync(join(folder, "snapshot"));
  symlinkSync(file, join(folder, "snapshot/model.safetensors"));
  for (const path of [file, join(folder, "snapshot/model.safetensors")]) {
    const { shape, dtype } = someWeight;
    const mapped = backend.map?.({ shape, dtype, path, offset: 13 });
    const inMemory = await backend.upload(someShift);
    const constants = new Map([
      [weight, mapped],
      [shift, inMemory],
    ]);
    expectClose(await runWith(backend, constants, new Map([[x, someX]])), await expected(), "contraction", {
      length: 64,
    });
    await expect(backend.download(mapped)).rejects.toThrow("[download] a tensor in a file is read from there");
    backend.dispose(mapped);
    backend.dispose(inMemory);
  }
});

test("a constant of another type, or beyond its file, is refused", async () => {
  const path = written("weights", 0);
  const other = backend.map?.({ shape: [64, 80], dtype: "float32", path, offset: 0 });
  await expect(backend.compile(graph, { constants: new Map([[weight, other]]) })).rejects.toThrow(
    "[compile] constant weight must be float32[80, 64], got float32[64, 80]",
  );
  const beyond = backend.map?.({ shape: [80, 64], dtype: "float32", path, offset: 4 });
  await expect(backend.compile(graph, { constants: new Map([[weight, beyond]]) })).rejects.toThrow(
    "[open] ONNX Runtime",
  );
  const executable = await backend.compile(graph);
  const handles = [await backend.upload(someX), beyond, await backend.upload(someShift)];
  const feeds = new Map(graph.inputs.map((input, index) => [input, handles[index]]));
  await expect(executable.run(feeds)).rejects.toThrow(
    "[run] input weight lies in a file: it must be one of the constants",
  );
});

test("files of several folders cannot be mapped together", async () => {
  const place = (name: string, { shape, dtype }: HostTensor) => {
    return backend.map?.({ shape, dtype, path: written(name, 0), offset: 0 });
  };
  const constants = new Map([
    [weight, place("a/weights", someWeight)],
    [shift, place("b/weights", someShift)],
  ]);
  await expect(backend.compile(graph, { constants })).rejects.toThrow("files of constants must lie in one folder");
});

test("weights in blocks are packed with their scales, from memory and from a file", async () => {
  const product = trace(
    (x: Tensor, data: Tensor, scales: Tensor) => [core.matMulNBits(x, data, scales, 8)],
    { name: "x", shape: [2, 64], dtype: "float32" },
    { name: "data", shape: [48, 2, 32], dtype: "uint8" },
    { name: "scales", shape: [48, 2], dtype: "float32" },
  );
  const [x, data, scales] = product.inputs as [Tensor, Tensor, Tensor];
  const values = new Map([
    [x, noise([2, 64])],
    [
      data,
      core.tensor(
        noise([48 * 64], 2).data.map((value) => Math.floor(128 + 127 * value)),
        [48, 2, 32],
        "uint8",
      ),
    ],
    [
      scales,
      core.tensor(
        noise([96], 3).data.map((value) => value / 100),
        [48, 2],
      ),
    ],
  ]);
  const run = async <T>(on: Backend<T>, constants: ReadonlyMap<Tensor, T>): Promise<HostTensor> => {
    const executable = await on.compile(product, { constants });
    const fed = [...values].filter(([input]) => !constants.has(input));
    const feeds = await Promise.all(fed.map(async ([input, value]) => [input, await on.upload(value)] as const));
    const [output] = await executable.run(new Map(feeds));
    const result = await on.download(output as T);
    await executable.close();
    return result;
  };
  const oracle = await run(reference, new Map());
  const path = join(folder, "blocks");
  const [bytes, factors] = [values.get(data)!, values.get(scales)!] as [HostTensor, HostTensor];
  writeFileSync(path, Buffer.concat([bytes, factors].map((value) => Buffer.from((value.data as Float32Array).buffer))));
  const inMemory = [await backend.upload(bytes), await backend.upload(factors)];
  const inFile = [
    backend.map?.({ shape: bytes.shape, dtype: "uint8", path, offset: 0 }),
    backend.map?.({ shape: factors.shape, dtype: "float32", path, offset: bytes.data.length }),
  ];
  const exact = await createOrtNodeBackend({ threads: 1, accuracyLevel: 0 });
  const tolerance = { length: 64, magnitude: 1.28 };
  for (const [first, second] of [inMemory, inFile]) {
    const constants = new Map([
      [data, first],
      [scales, second],
    ]);
    expectClose(await run(backend, constants), oracle, "rounded8", tolerance);
  }
  expectClose(await run(exact as Backend, new Map()), oracle, "composite", tolerance);
  await exact.close();
  await expect(backend.compile(product, { constants: new Map([[data, inFile[0]]]) })).rejects.toThrow(
    "[compile] blocks and scales must both be constants, got one: data",
  );
});
