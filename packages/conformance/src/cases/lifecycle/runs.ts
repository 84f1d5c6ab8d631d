import {
  add,
  check,
  constant,
  dimension,
  div,
  type Graph,
  iota,
  matMul,
  mul,
  neg,
  reduceSum,
  tensor,
  trace,
} from "@relpos/core";
import type { ConformanceCase } from "../../case.js";
import { evaluate, runOn, withExecutable } from "../../evaluate.js";
import { expectClose } from "../../tolerance.js";
import { values, within } from "../primitive/values.js";
import {
  difference,
  differenceOf,
  expectEqual,
  expectFailure,
  feeds,
  filled,
  lifecycle,
  longChain,
} from "./lifecycle-case.js";

const n = dimension("n");

/** x·xᵀ-like sums and a range over a length that is known when the graph runs. */
function ofLength(): Graph {
  return trace(
    (x, y) => [mul(x, iota([n, 1], 0, "float32")), reduceSum(x, 0), matMul(y, x)],
    { name: "rows", shape: [n, 3], dtype: "float32" },
    { name: "columns", shape: [2, n], dtype: "float32" },
  );
}

/** A run depends on its inputs alone, and says what is wrong with them. */
export const runCases: readonly ConformanceCase[] = [
  lifecycle("run", "too few inputs are an error that names the one that is missing", ({ backend }) =>
    withExecutable(backend, difference(), {}, async (executable) => {
      const handle = await backend.upload(filled(1));
      await expectFailure(executable.run(feeds(executable.graph, [handle])), "a run with too few inputs", "right");
      backend.dispose(handle);
    }),
  ),

  lifecycle("run", "a shape that does not fit is an error that names the input", ({ backend }) =>
    withExecutable(backend, difference(), {}, async (executable) => {
      const handles = [await backend.upload(filled(1)), await backend.upload(tensor([1, 2], [2]))];
      await expectFailure(executable.run(feeds(executable.graph, handles)), "a run with a wrong shape", "right");
      for (const handle of handles) backend.dispose(handle);
    }),
  ),

  lifecycle("run", "two at once", ({ backend }) =>
    withExecutable(backend, difference(), {}, (first) =>
      withExecutable(backend, difference(), {}, async (second) => {
        const numbers = Array.from({ length: 8 }, (_, i) => i);
        const results = await Promise.all(
          numbers.map((i) => differenceOf(backend, i % 2 === 0 ? first : second, 10 * i, i)),
        );
        for (const i of numbers) expectEqual(results[i], 10 * i - i * i, `the result of run ${i}`);
      }),
    ),
  ),

  {
    ...lifecycle("run", "named sizes of several lengths", async ({ backend, oracle }) => {
      const graph = ofLength();
      await withExecutable(backend, graph, {}, async (executable) => {
        for (const length of [3, 5, 1, 0, 3]) {
          const inputs = [values([length, 3], "float32", 1), values([2, length], "float32", 2)];
          const actual = await runOn(backend, executable, graph.inputs, inputs);
          const expected = await evaluate(oracle, graph, inputs);
          for (const [index, value] of expected.entries()) {
            const result = actual[index];
            check(result, "conformance", () => `a run must have ${expected.length} outputs, got ${actual.length}`);
            expectClose(result, value, "contraction", { length: 5, magnitude: 8 });
          }
        }
      });
    }),
    dtypes: ["float32", "int32"],
  },

  lifecycle("run", "lengths that do not agree are an error that names the input", ({ backend }) =>
    withExecutable(backend, ofLength(), {}, async (executable) => {
      const handles = [
        await backend.upload(values([3, 3], "float32")),
        await backend.upload(values([2, 4], "float32")),
      ];
      await expectFailure(executable.run(feeds(executable.graph, handles)), "a run with two lengths", "columns");
      for (const handle of handles) backend.dispose(handle);
    }),
  ),

  lifecycle("run", "inputs that nothing uses, and graphs without inputs", async ({ backend }) => {
    const type = { shape: [2, 2], dtype: "float32" } as const;
    const unused = trace((_, y) => neg(y), type, type);
    const [result] = await evaluate(backend, unused, [filled(1), filled(2)]);
    check(result, "conformance", () => "a run must have an output");
    expectClose(result, filled(-2), "exact");
    const [made] = await evaluate(
      backend,
      trace(() => add(constant(filled(1)), 1)),
      [],
    );
    check(made, "conformance", () => "a run must have an output");
    expectClose(made, filled(2), "exact");
  }),

  {
    ...lifecycle("run", "an integer divided by zero does not end it", async ({ backend }) => {
      const type = { shape: [2], dtype: "int32" } as const;
      const [quotient] = await evaluate(backend, trace(div, type, type), [
        tensor([6, 6], [2], "int32"),
        tensor([0, 4], [2], "int32"),
      ]);
      expectEqual(quotient?.data[1], 1, "6 / 4");
    }),
    dtypes: ["int32"],
  },

  lifecycle("executable", "its graph has the inputs and the types of the outputs", async ({ backend }) => {
    const source = ofLength();
    await withExecutable(backend, source, {}, async ({ graph }) => {
      check(
        graph.inputs.length === source.inputs.length && graph.inputs.every((x, i) => x === source.inputs[i]),
        "conformance",
        () => "inputs must be those of the graph that was compiled, in its order",
      );
      expectEqual(graph.outputs.length, source.outputs.length, "the number of outputs");
    });
  }),

  lifecycle("executable", "a closed one cannot run, and closing twice is once", async ({ backend }) => {
    const executable = await backend.compile(difference());
    const handles = [await backend.upload(filled(3)), await backend.upload(filled(1))];
    const [output] = await executable.run(feeds(executable.graph, handles));
    await executable.close();
    await executable.close();
    await expectFailure(executable.run(feeds(executable.graph, handles)), "a run of a closed executable");
    expectClose(await backend.download(output), filled(2), "exact");
    for (const handle of [...handles, output]) backend.dispose(handle);
  }),

  lifecycle("executable", "closing one leaves another of the same graph", async ({ backend }) => {
    const graph = difference();
    const [one, two] = [await backend.compile(graph), await backend.compile(graph)];
    await one.close();
    expectEqual(await differenceOf(backend, two, 5, 2), 1, "5 − 2·2");
    await two.close();
    await withExecutable(backend, graph, {}, async (again) => {
      expectEqual(await differenceOf(backend, again, 5, 1), 4, "5 − 1·1");
    });
  }),

  lifecycle("executable", "closing one in the middle of a run makes nothing wrong", async ({ backend }) => {
    const size = 96;
    const executable = await backend.compile(longChain(size));
    const handle = await backend.upload(within(-0.1, 0.1)([size, size], "float32"));
    const given = feeds(executable.graph, [handle]);
    const [before] = await executable.run(given);
    const run = executable.run(given).catch(() => []);
    await new Promise((resolve) => setTimeout(resolve, 25));
    await executable.close();
    const [after] = await run;
    if (after !== undefined) expectClose(await backend.download(after), await backend.download(before), "exact");
    for (const each of [handle, before, ...(after === undefined ? [] : [after])]) backend.dispose(each);
  }),
];
