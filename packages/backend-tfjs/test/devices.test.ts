import {
  div,
  gather,
  matMul,
  pow,
  reduceSum,
  run,
  softmax,
  type Tensor,
  tanh,
  tensor,
  trace,
  transpose,
  UnsupportedError,
} from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { createTfjsBackend, type TfjsTensor } from "../src/index.js";

const square = tensor([1, 2, 3, 4], [2, 2]);
const product = trace((x) => matMul(x, x), { shape: [2, 2], dtype: "float32" });

/** Kernels that make tensors on their way. */
const everyKind = (x: Tensor): Tensor => reduceSum(pow(div(softmax(matMul(x, x)), transpose(x, [1, 0])), 2), 0);

async function squared(backend: Backend<TfjsTensor>): Promise<readonly number[]> {
  return [...(await run(backend, (x) => matMul(x, x), square)).data];
}

test("backends on two devices work side by side", async () => {
  const backends = [await createTfjsBackend({ device: "cpu" }), await createTfjsBackend({ device: "wasm" })];
  const executables = await Promise.all(backends.map((backend) => backend.compile(product)));
  const handles = await Promise.all(backends.map((backend) => backend.upload(square)));
  for (let turn = 0; turn < 3; turn++) {
    const outputs = await Promise.all(
      executables.map((executable, index) => executable.run(new Map([[product.inputs[0]!, handles[index]!]]))),
    );
    for (const [index, backend] of backends.entries()) {
      expect((await backend.download(outputs[index]![0]!)).data).toEqual(Float32Array.of(7, 10, 15, 22));
      backend.dispose(outputs[index]![0]!);
    }
  }
  for (const backend of backends) await backend.close();
});

test("backends on one device count and free their own", async () => {
  const [one, other] = [await createTfjsBackend(), await createTfjsBackend()];
  await one.upload(square);
  await other.upload(square);
  await other.upload(square);
  expect([await one.memory(), await other.memory()]).toEqual([{ tensors: 1 }, { tensors: 2 }]);
  await other.close();
  expect(await one.memory()).toEqual({ tensors: 1 });
  expect(await squared(one)).toEqual([7, 10, 15, 22]);
});

test("a program's own TensorFlow.js stays as it is", async () => {
  const wasm = await createTfjsBackend({ device: "wasm" });
  await createTfjsBackend({ device: "cpu" });
  await tf.setBackend("cpu");
  const own = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const tensors = tf.memory().numTensors;
  expect(await squared(wasm)).toEqual([7, 10, 15, 22]);
  expect(tf.getBackend()).toBe("cpu");
  expect(tf.memory().numTensors).toBe(tensors);
  const result = tf.matMul(own, own);
  expect([...result.dataSync()]).toEqual([7, 10, 15, 22]);
  await tf.setBackend("wasm");
  expect([...tf.add(own, result).dataSync()]).toEqual([8, 12, 18, 26]);
  await wasm.close();
  expect([...tf.add(own, own).dataSync()]).toEqual([2, 4, 6, 8]);
});

test.each(["cpu", "wasm"] as const)(
  "TensorFlow.js on %s holds nothing that was freed, after failures too",
  async (device) => {
    const backend = await createTfjsBackend({ device });
    const { registry } = tf.engine();
    const held = () => registry[device]!.numDataIds();
    const [tensors, before] = [await backend.memory(), held()];
    for (let turn = 0; turn < 5; turn++) {
      await run(backend, everyKind, square);
      const indices = tensor([2], [1], "int32");
      const outside = run(backend, (x: Tensor, i: Tensor) => gather(x.mul(2), i, 0), square, indices);
      await expect(outside).rejects.toThrow("[gather] index must be in [0, 2), got 2");
    }
    expect(await backend.memory()).toEqual(tensors);
    expect(held()).toBe(before);
  },
);

test("a kernel that TensorFlow.js lacks is named, with the operation, the element type and the device", async () => {
  const backend = await createTfjsBackend({ device: "cpu" });
  const kernel = tf.getKernel("Tanh", "cpu");
  tf.unregisterKernel("Tanh", "cpu");
  const tried = run(backend, tanh, square);
  await expect(tried).rejects.toThrow(UnsupportedError);
  await expect(tried).rejects.toThrow("[tanh] fails for float32 on cpu: [TensorFlow.js] has no kernel Tanh");
  tf.registerKernel(kernel);
  expect((await run(backend, tanh, square)).data).toHaveLength(4);
});

test("what was disposed or closed cannot be used", async () => {
  const backend = await createTfjsBackend();
  const handle = await backend.upload(square);
  backend.dispose(handle);
  await expect(backend.download(handle)).rejects.toThrow("[download] the tensor was disposed");
  await backend.close();
  await backend.close();
  await expect(backend.upload(square)).rejects.toThrow('[upload] backend "tfjs:wasm" is closed');
});

test("an uploaded tensor is a copy", async () => {
  for (const device of ["cpu", "wasm"] as const) {
    const backend = await createTfjsBackend({ device });
    const data = Float32Array.of(1, 2);
    const handle = await backend.upload({ shape: [2], dtype: "float32", data });
    data.fill(9);
    const downloaded = await backend.download(handle);
    downloaded.data.fill(8);
    expect((await backend.download(handle)).data).toEqual(Float32Array.of(1, 2));
  }
});
