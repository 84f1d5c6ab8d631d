import { resolve } from "node:path";
import { RelposError } from "@relpos/core";
import { describe, test } from "vitest";
import { checkOnnxCase } from "../src/onnx-node/check-onnx-case.js";
import { onnxCaseNames, readOnnxCase } from "../src/onnx-node/onnx-case.js";
import { unsupported } from "../src/onnx-node/unsupported.js";
import { useAllBackends } from "./use-backends.js";

// ONNX's own tests of operators, through relpos's primitives and composites. RELPOS_ONNX_NODE_TESTS names the folder.
const folder = resolve(process.env.RELPOS_ONNX_NODE_TESTS ?? "onnx-node-tests");
const names = onnxCaseNames(folder);

const backends = useAllBackends();

/** On every backend that has the element types of a case. */
async function checkEverywhere(name: string): Promise<void> {
  const onnxCase = readOnnxCase(folder, name);
  const values = [...onnxCase.inputs.values(), ...onnxCase.outputs.values()];
  for (const backend of backends().filter(({ dtypes }) => values.every(({ dtype }) => dtypes.has(dtype)))) {
    await checkOnnxCase(backend, onnxCase).catch((error: unknown) => {
      throw new RelposError(backend.name, error instanceof Error ? error.message : String(error), { cause: error });
    });
  }
}

describe("relpos gives what ONNX's operators give", () => {
  test.each(names.filter((name) => !Object.hasOwn(unsupported, name)))("%s", checkEverywhere);
});

describe("relpos has no counterpart yet", () => {
  test.each(names.filter((name) => Object.hasOwn(unsupported, name)))("%s", async (name) => {
    const passes = await checkEverywhere(name).then(
      () => true,
      () => false,
    );
    if (passes) throw new RelposError("onnx", `${name} passes: it must be taken off the list in unsupported.ts`);
  });
});
