import { type DType, dtypes, type HostTensor, neg, reshape, type Tensor, tensor, trace } from "@relpos/core";
import type { ConformanceCase } from "../../case.js";
import { withExecutable } from "../../evaluate.js";
import { expectClose } from "../../tolerance.js";
import { type Shape, values } from "../primitive/values.js";
import { difference, expectEqual, expectFailure, feeds, filled, leavesNothing, lifecycle } from "./lifecycle-case.js";

const matrix = { shape: [2, 2], dtype: "float32" } as const;

const roundTrip = (dtype: DType, shape: Shape): ConformanceCase => ({
  ...lifecycle("upload", `${dtype} [${shape}] and back`, async ({ backend }) => {
    const value = values(shape, dtype);
    const handle = await backend.upload(value);
    expectClose(await backend.download(handle), value, "exact");
    backend.dispose(handle);
  }),
  dtypes: [dtype],
});

/** A handle stands for one value until it is disposed, and for nothing afterwards. */
export const handleCases: readonly ConformanceCase[] = [
  ...dtypes.flatMap((dtype) => [[2, 3], [], [0, 2]].map((shape) => roundTrip(dtype, shape))),

  lifecycle("upload", "the host's data may change afterwards", async ({ backend }) => {
    const data = Float32Array.of(1, 2);
    const handle = await backend.upload({ shape: [2], dtype: "float32", data });
    data.fill(9);
    expectClose(await backend.download(handle), tensor([1, 2], [2]), "exact");
    backend.dispose(handle);
  }),

  lifecycle("upload", "memory that is given away, whole or part of another", async ({ backend }) => {
    const memory = Float32Array.of(0, 1, 2, 3);
    const part = await backend.upload(
      { shape: [2], dtype: "float32", data: memory.subarray(1, 3) },
      { transfer: true },
    );
    expectEqual(memory.join(), "0,1,2,3", "memory of which a part was given away");
    const whole = await backend.upload({ shape: [4], dtype: "float32", data: memory }, { transfer: true });
    expectClose(await backend.download(part), tensor([1, 2], [2]), "exact");
    expectClose(await backend.download(whole), tensor([0, 1, 2, 3], [4]), "exact");
    for (const handle of [part, whole]) backend.dispose(handle);
  }),

  lifecycle("download", "what came may be changed", async ({ backend }) => {
    const handle = await backend.upload(filled(3));
    (await backend.download(handle)).data.fill(9);
    expectClose(await backend.download(handle), filled(3), "exact");
    backend.dispose(handle);
  }),

  lifecycle("dispose", "a disposed tensor cannot be downloaded", async ({ backend }) => {
    const handle = await backend.upload(filled(1));
    backend.dispose(handle);
    await expectFailure(backend.download(handle), "downloading a disposed tensor");
  }),

  lifecycle("dispose", "a disposed tensor cannot be fed", ({ backend }) =>
    withExecutable(backend, difference(), {}, async (executable) => {
      const handles = [await backend.upload(filled(1)), await backend.upload(filled(2))];
      backend.dispose(handles[1]);
      const run = executable.run(feeds(executable.graph, handles));
      await expectFailure(run, "feeding a disposed tensor", "right");
      backend.dispose(handles[0]);
    }),
  ),

  lifecycle("dispose", "twice is once", ({ backend }) =>
    leavesNothing(backend, async () => {
      const gone = await backend.upload(filled(1));
      backend.dispose(gone);
      const kept = await backend.upload(filled(2));
      backend.dispose(gone);
      expectClose(await backend.download(kept), filled(2), "exact");
      backend.dispose(kept);
    }),
  ),

  lifecycle("dispose", "outputs outlive inputs", ({ backend }) =>
    withExecutable(
      backend,
      trace((x) => [reshape(x, [4]), x, neg(x)], matrix),
      {},
      async (executable) => {
        const handle = await backend.upload(filled(2));
        const outputs = await executable.run(feeds(executable.graph, [handle]));
        backend.dispose(handle);
        const expected = [tensor([2, 2, 2, 2], [4]), filled(2), filled(-2)];
        for (const [index, value] of expected.entries()) {
          expectClose(await backend.download(outputs[index]), value, "exact");
          backend.dispose(outputs[index]);
        }
      },
    ),
  ),

  lifecycle("dispose", "outputs are handles of their own", ({ backend }) => {
    const twice = (x: Tensor): readonly Tensor[] => {
      const y = neg(x);
      return [x, x, y, y];
    };
    return withExecutable(backend, trace(twice, matrix), {}, async (executable) => {
      const handle = await backend.upload(filled(2));
      const outputs = await executable.run(feeds(executable.graph, [handle]));
      expectEqual(new Set([handle, ...outputs]).size, 5, "the number of handles");
      const last = outputs[3];
      for (const each of [handle, ...outputs.slice(0, 3)]) backend.dispose(each);
      const value: HostTensor = await backend.download(last);
      expectClose(value, filled(-2), "exact");
      backend.dispose(last);
    });
  }),
];
