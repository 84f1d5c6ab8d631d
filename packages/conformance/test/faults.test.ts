import type { Backend } from "@relpos/core/backend";
import { expect, test } from "vitest";
import type { ConformanceCase } from "../src/case.js";
import { conformanceCases } from "../src/cases/all-cases.js";
import { openContext } from "../src/context.js";
import { runCase } from "../src/run-case.js";
import { faults } from "./broken-backends.js";

type Fault = keyof typeof faults;

/** Cases that take longest. They are asked where a fault is for them to find. */
const long = ["model/training/rope", "lifecycle/abort/in the middle of a run"];
const isShort = ({ name, quick }: ConformanceCase): boolean => quick && !long.includes(name);

/** Names of the cases that fail on a backend. */
async function caughtBy(fault: Fault, chosen: (each: ConformanceCase) => boolean): Promise<readonly string[]> {
  const context = await openContext({ name: fault, create: async () => faults[fault]() as Backend });
  const names: string[] = [];
  for (const each of conformanceCases().filter(chosen)) {
    const { name, status } = await runCase(each, context, undefined);
    if (status === "failed") names.push(name);
    if (status === "failed") await context.renew();
  }
  await context.close();
  return names;
}

/** The quick cases that catch each fault. No others may fail. */
const caught: Readonly<Record<Fault, readonly string[]>> = {
  none: [],
  "cos has the wrong sign": [
    "primitive/cos/float32/[2,3,4]",
    "primitive/cos/float32/special values",
    "gradient/sin/[2,3]",
    "gradient/cos/[2,3]",
  ],
  "log of 0 is NaN": ["primitive/log/float32/special values"],
  "concat along axis 2 puts the last first": [
    "composite/attention/float32/1×1, past 5, causal, batch 2, heads 4/2, size 8",
    "encoding/alibi/cached equals uncached",
    "encoding/t5/cached equals uncached",
    "encoding/transformer-xl/cached equals uncached",
    "encoding/fox/cached equals uncached",
  ],
  "pow is right to four digits": [
    "primitive/pow/float32/[2,3,4]+[3,1]",
    "primitive/pow/float32/special values",
    "gradient/pow/[2,3]+[2,3]",
  ],
  "int32 products are rounded to float64": ["primitive/mul/int32/edges"],
  "rotaryEmbedding is claimed and ignores interleaved": [
    "composite/rotaryEmbedding/float32/[2,3,5,8]+[1,5,4] interleaved",
    "composite/rotaryEmbedding/float32/[2,3,5,10]+[1,5,3] interleaved",
  ],
  "softmax is claimed and decomposed": [
    "composite/softmax/float32/[3,5,8] axis -1",
    "composite/softmax/float32/[3,5,8] axis 1",
  ],
  "softmax is run and not claimed": [
    "composite/attend/float32/[2,3,4]+[2,4,5] output",
    "composite/attend/float32/[2,3,4]+[2,4,5] output and probabilities",
    "composite/attention/float32/4×4, batch 2, heads 4/2, size 8",
    "composite/attention/float32/4×4, causal, batch 2, heads 4/4, size 8",
    "composite/attention/float32/4×4, window 2, softcap 1.5, batch 2, heads 4/2, size 8",
    "composite/attention/float32/4×4, causal, bias [1,4,4,4], batch 2, heads 4/2, size 8",
    "composite/attention/float32/4×4, mask [2,1,1,4], batch 2, heads 4/2, size 8",
    "composite/attention/float32/1×1, past 5, causal, batch 2, heads 4/2, size 8",
    "composite/softmax/float32/[3,5,8] axis -1",
    "composite/softmax/float32/[3,5,8] axis 1",
  ],
  "every run leaks a tensor": [
    "lifecycle/memory/100 runs",
    "lifecycle/memory/100 runs that give their input away",
    "lifecycle/memory/only the outputs of a long computation",
    "lifecycle/memory/executables with constants, compiled and closed",
    "lifecycle/abort/compile",
    "lifecycle/abort/run",
  ],
  "constants are not freed": [
    "lifecycle/memory/executables with constants, compiled and closed",
    "lifecycle/memory/executables that were never run",
  ],
  "a disposed tensor stays usable": [
    "lifecycle/dispose/a disposed tensor cannot be downloaded",
    "lifecycle/dispose/a disposed tensor cannot be fed",
  ],
  "donated tensors are kept": [
    "lifecycle/memory/100 runs that give their input away",
    "lifecycle/donation/a tensor given away is gone",
  ],
  "abort is ignored": ["lifecycle/abort/compile", "lifecycle/abort/run"],
  "abort has a reason of its own": ["lifecycle/abort/run"],
  "closing an executable twice is an error": [
    "lifecycle/executable/a closed one cannot run, and closing twice is once",
  ],
  "a closed backend goes on": ["lifecycle/backend/closing twice is once, and nothing can be done afterwards"],
  "missing inputs are zeros": [
    "lifecycle/run/too few inputs are an error that names the one that is missing",
    "lifecycle/memory/runs that are refused",
  ],
  "runs share what they are fed": ["lifecycle/backend/two in one process", "lifecycle/run/two at once"],
  "uploads share the host's memory": [
    "lifecycle/upload/float16 [2,3] and back",
    "lifecycle/upload/float16 [] and back",
    "lifecycle/upload/bfloat16 [2,3] and back",
    "lifecycle/upload/bfloat16 [] and back",
    "lifecycle/upload/the host's data may change afterwards",
  ],
  "downloads share the backend's memory": ["lifecycle/download/what came may be changed"],
  "an unsupported type is an error of any kind": ["lifecycle/unsupported/an upload of a type that it has not"],
};

test.each(Object.entries(caught) as [Fault, readonly string[]][])("%s", async (fault, names) => {
  expect(await caughtBy(fault, isShort)).toEqual(names);
});

test.each<[Fault, readonly string[]]>([
  ["none", []],
  ["pow is right to four digits", ["model/training/rope"]],
  ["every run leaks a tensor", ["lifecycle/abort/in the middle of a run", "model/training/rope"]],
  ["constants are not freed", ["lifecycle/abort/in the middle of a run", "model/training/rope"]],
  ["abort is ignored", ["lifecycle/abort/in the middle of a run"]],
])("long cases: %s", async (fault, names) => {
  expect(await caughtBy(fault, ({ name }) => long.includes(name))).toEqual(names);
});
