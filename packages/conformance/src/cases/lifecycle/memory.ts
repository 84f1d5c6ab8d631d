import { add, constant, type Graph, neg, type Tensor, tanh, tensor, trace } from "@relpos/core";
import type { Backend, Executable } from "@relpos/core/backend";
import type { ConformanceCase } from "../../case.js";
import { evaluate, withExecutable } from "../../evaluate.js";
import {
  difference,
  differenceOf,
  expectEqual,
  expectFailure,
  feeds,
  filled,
  leavesNothing,
  lifecycle,
} from "./lifecycle-case.js";

const runs = 100;

/** Nothing is held that nobody asked to hold. */
export const memoryCases: readonly ConformanceCase[] = [
  lifecycle("memory", `${runs} runs`, ({ backend }) =>
    leavesNothing(backend, () =>
      withExecutable(backend, difference(), {}, async (executable) => {
        await leavesNothing(backend, async () => {
          for (let i = 0; i < runs; i++) await differenceOf(backend, executable, i, 1);
        });
      }),
    ),
  ),

  lifecycle("memory", `${runs} runs that give their input away`, async ({ backend }) => {
    const graph = difference();
    const donated = [{ input: graph.inputs[0] as Tensor, output: 0 }];
    await leavesNothing(backend, () =>
      withExecutable(backend, graph, { donated }, async (executable) => {
        const one = await backend.upload(filled(1));
        let state = await backend.upload(filled(runs));
        for (let i = 0; i < runs; i++) [state] = (await executable.run(feeds(graph, [state, one]))) as [unknown];
        expectEqual((await backend.download(state)).data[0], 0, `${runs} minus 1, ${runs} times,`);
        backend.dispose(state);
        backend.dispose(one);
      }),
    );
  }),

  lifecycle("memory", "only the outputs of a long computation", ({ backend }) =>
    leavesNothing(backend, async () => {
      const graph = trace((x) => Array.from({ length: 50 }).reduce<Tensor>((y) => tanh(add(y, x)), x), {
        shape: [2, 2],
        dtype: "float32",
      });
      await withExecutable(backend, graph, {}, async (executable) => {
        const handle = await backend.upload(filled(1));
        const { tensors: before } = await backend.memory();
        const outputs = await executable.run(feeds(graph, [handle]));
        expectEqual((await backend.memory()).tensors, before + 1, "the number of tensors held with one output");
        for (const each of [handle, ...outputs]) backend.dispose(each);
      });
    }),
  ),

  lifecycle("memory", "executables with constants, compiled and closed", ({ backend }) =>
    leavesNothing(backend, async () => {
      for (let i = 0; i < 10; i++) await evaluate(backend, withConstant(i), [filled(1)]);
    }),
  ),

  lifecycle("memory", "executables that were never run", ({ backend }) =>
    leavesNothing(backend, async () => {
      for (let i = 0; i < 3; i++) await (await backend.compile(withConstant(100 + i))).close();
    }),
  ),

  lifecycle("memory", "runs that are refused", ({ backend }) =>
    leavesNothing(backend, () =>
      withExecutable(backend, difference(), {}, async (executable) => {
        for (let i = 0; i < 5; i++) await refuse(backend, executable);
      }),
    ),
  ),
];

const withConstant = (value: number): Graph =>
  trace((x) => add(neg(x), constant(tensor([value, value], [2]))), { shape: [2, 2], dtype: "float32" });

async function refuse(backend: Backend, executable: Executable): Promise<void> {
  const { graph } = executable;
  const handles = [await backend.upload(filled(1)), await backend.upload(tensor([1, 2, 3], [3]))];
  await expectFailure(executable.run(feeds(graph, handles)), "a run with a wrong shape", "right");
  await expectFailure(executable.run(feeds(graph, handles.slice(0, 1))), "a run with too few inputs", "right");
  for (const handle of handles) backend.dispose(handle);
}
