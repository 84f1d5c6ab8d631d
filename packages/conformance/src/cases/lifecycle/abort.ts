import type { Tensor } from "@relpos/core";
import type { Backend, Executable } from "@relpos/core/backend";
import type { ConformanceCase } from "../../case.js";
import { withExecutable } from "../../evaluate.js";
import { within } from "../primitive/values.js";
import {
  difference,
  differenceOf,
  expectEqual,
  failureOf,
  feeds,
  filled,
  leavesNothing,
  lifecycle,
  longChain,
} from "./lifecycle-case.js";

const reason = new Error("enough");

async function expectReason(work: Promise<unknown>, what: string): Promise<void> {
  expectEqual(await failureOf(work, what), reason, `the reason with which ${what} rejects`);
}

async function expectUsable(backend: Backend): Promise<void> {
  await withExecutable(backend, difference(), {}, async (executable) => {
    expectEqual(await differenceOf(backend, executable, 7, 2), 3, "7 − 2·2");
  });
}

/** So long a run cannot be over when it is aborted right after its start. */
const longMilliseconds = 200;
const sizes = [64, 128, 256, 512, 1024];

/** How long a run takes, and how long until its result has come. */
async function timedRun(backend: Backend, executable: Executable, given: ReadonlyMap<Tensor, unknown>) {
  const start = performance.now();
  const [output] = await executable.run(given);
  const milliseconds = performance.now() - start;
  await backend.download(output);
  const whole = performance.now() - start;
  backend.dispose(output);
  return { milliseconds, whole };
}

/** Aborts a run that takes long enough, the first one and what else the machine does apart, and returns false where it is over before the device is done. */
async function abortInTheMiddle(backend: Backend, executable: Executable, size: number): Promise<boolean> {
  const handle = await backend.upload(within(-0.1, 0.1)([size, size], "float32"));
  const given = feeds(executable.graph, [handle]);
  try {
    const runs = [];
    for (let i = 0; i < 3; i++) runs.push(await timedRun(backend, executable, given));
    const milliseconds = Math.min(...runs.map((run) => run.milliseconds));
    const whole = Math.min(...runs.map((run) => run.whole));
    if (whole < longMilliseconds) return false;
    const controller = new AbortController();
    const run = executable.run(given, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 1);
    if (milliseconds >= longMilliseconds) await expectReason(run, "a run that is aborted in the middle");
    else for (const each of await run.catch(() => [])) backend.dispose(each);
    return true;
  } finally {
    backend.dispose(handle);
  }
}

/** An aborted signal ends work with its reason, and the backend goes on. */
export const abortCases: readonly ConformanceCase[] = [
  lifecycle("abort", "compile", ({ backend }) =>
    leavesNothing(backend, async () => {
      const signal = AbortSignal.abort(reason);
      await expectReason(backend.compile(difference(), { signal }), "compile");
      await expectUsable(backend);
    }),
  ),

  lifecycle("abort", "run", ({ backend }) =>
    leavesNothing(backend, () =>
      withExecutable(backend, difference(), {}, async (executable) => {
        const handles = [await backend.upload(filled(5)), await backend.upload(filled(1))];
        const given = feeds(executable.graph, handles);
        await expectReason(executable.run(given, { signal: AbortSignal.abort(reason) }), "run");
        const outputs = await executable.run(given, { signal: new AbortController().signal });
        expectEqual((await backend.download(outputs[0])).data[0], 4, "5 − 1·1");
        for (const handle of [...handles, ...outputs]) backend.dispose(handle);
      }),
    ),
  ),

  lifecycle("abort", "in the middle of a run", ({ backend }) => {
    const work = async (): Promise<void> => {
      for (const size of sizes) {
        const long = await withExecutable(backend, longChain(size), {}, (executable) =>
          abortInTheMiddle(backend, executable, size),
        );
        if (long) break;
      }
      await expectUsable(backend);
    };
    return leavesNothing(backend, work, 2000);
  }),

  lifecycle("abort", "a signal that aborts afterwards changes nothing", ({ backend }) =>
    withExecutable(backend, difference(), {}, async (executable) => {
      const controller = new AbortController();
      const handles = [await backend.upload(filled(5)), await backend.upload(filled(1))];
      const [output] = await executable.run(feeds(executable.graph, handles), { signal: controller.signal });
      controller.abort(reason);
      expectEqual((await backend.download(output)).data[0], 4, "5 − 1·1");
      for (const handle of [...handles, output]) backend.dispose(handle);
    }),
  ),
];
