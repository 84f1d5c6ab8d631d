import { check, type DType, dtypes, type HostTensor, stopGradient, trace, type UnsupportedError } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { ConformanceCase } from "../../case.js";
import { withExecutable } from "../../evaluate.js";
import { expectClose } from "../../tolerance.js";
import {
  difference,
  differenceOf,
  expectEqual,
  expectFailure,
  failureOf,
  feeds,
  filled,
  lifecycle,
} from "./lifecycle-case.js";

/** An element type that the backend lacks; one that there is not where it has all. */
const missingType = (backend: Backend): DType =>
  dtypes.find((dtype) => !backend.dtypes.has(dtype)) ?? ("float64" as DType);

async function expectUnsupported(work: Promise<unknown>, what: string, dtype: DType): Promise<void> {
  const reason = await failureOf(work, what);
  check(reason instanceof Error && reason.name === "UnsupportedError", "conformance", () => {
    return `${what} must be an UnsupportedError, got ${reason}`;
  });
  const { operation } = reason as UnsupportedError;
  check(reason.message.startsWith(`[${operation}]`) && reason.message.includes(dtype), "conformance", () => {
    return `the error of ${what} must name the operation and ${dtype}, got "${reason.message}"`;
  });
}

/** A backend is a value: it lives beside others, closes, and says what it has not. */
export const backendCases: readonly ConformanceCase[] = [
  {
    ...lifecycle("backend", "it has float32, int32 and bool", async ({ backend }) => {
      for (const dtype of ["float32", "int32", "bool"] as const) {
        expectEqual(backend.dtypes.has(dtype), true, `whether it has ${dtype}`);
      }
      expectEqual(backend.specVersion, 1, "the version of the interface");
    }),
    dtypes: [],
  },

  {
    ...lifecycle("unsupported", "an upload of a type that it has not", async ({ backend }) => {
      const dtype = missingType(backend);
      const value: HostTensor = { shape: [1], dtype, data: new Uint16Array(1) };
      await expectUnsupported(backend.upload(value), `an upload of ${dtype}`, dtype);
    }),
    dtypes: [],
  },

  {
    ...lifecycle("unsupported", "a graph of a type that it has not", async ({ backend }) => {
      const dtype = missingType(backend);
      const graph = trace(stopGradient, { shape: [1], dtype });
      await expectUnsupported(backend.compile(graph), `a graph of ${dtype}`, dtype);
    }),
    dtypes: [],
  },

  lifecycle("backend", "two in one process", async ({ backend, create }) => {
    const other = await create();
    try {
      await withExecutable(backend, difference(), {}, (here) =>
        withExecutable(other, difference(), {}, async (there) => {
          const results = await Promise.all([
            differenceOf(backend, here, 5, 1),
            differenceOf(other, there, 5, 2),
            differenceOf(backend, here, 6, 1),
          ]);
          expectEqual(String(results), "4,1,5", "the results");
        }),
      );
    } finally {
      await other.close();
    }
    await withExecutable(backend, difference(), {}, async (executable) => {
      expectEqual(await differenceOf(backend, executable, 9, 3), 0, "9 − 3·3 after the other was closed");
    });
  }),

  lifecycle("backend", "tensors of one are not held by another", async ({ backend, create }) => {
    const other = await create();
    try {
      const { tensors: before } = await other.memory();
      const handle = await backend.upload(filled(1));
      expectEqual((await other.memory()).tensors, before, "the number of tensors held by the other");
      await other.close();
      expectClose(await backend.download(handle), filled(1), "exact");
      backend.dispose(handle);
    } finally {
      await other.close();
    }
  }),

  lifecycle("backend", "closing twice is once, and nothing can be done afterwards", async ({ create }) => {
    const closed = await create();
    const executable = await closed.compile(difference());
    const handles = [await closed.upload(filled(1)), await closed.upload(filled(2))];
    await closed.close();
    await closed.close();
    await expectFailure(closed.upload(filled(1)), "upload to a closed backend");
    await expectFailure(closed.compile(difference()), "compile on a closed backend");
    await expectFailure(closed.download(handles[0]), "download from a closed backend");
    await expectFailure(executable.run(feeds(executable.graph, handles)), "a run on a closed backend");
    await executable.close();
    closed.dispose(handles[0]);
  }),

  lifecycle("backend", "closing ends a run that is under way", async ({ create }) => {
    const closing = await create();
    const executable = await closing.compile(difference());
    const handles = [await closing.upload(filled(1)), await closing.upload(filled(2))];
    const run = executable.run(feeds(executable.graph, handles)).catch((reason: unknown) => {
      check(reason instanceof Error, "conformance", () => "a run that is ended must reject with an Error");
    });
    await closing.close();
    await run;
  }),
];
