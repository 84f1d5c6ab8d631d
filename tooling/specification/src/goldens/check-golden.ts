import { expectClose, type ToleranceClass } from "@relpos/conformance";
import { runOn } from "@relpos/conformance/cases";
import { check, graph, type HostTensor, isTensor, RelposError, Tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { Prediction } from "./checker.js";
import type { GoldenCase } from "./golden-case.js";
import { checkerOf } from "./registry.js";

/** Encodings whose reference holds float32 numbers in its float64 run (README of the goldens, "Tolerances"). */
const roundedReferences: ReadonlySet<string> = new Set(["deberta"]);

/** Errors unless core gives every output of a golden case on every backend. */
export async function checkGolden(golden: GoldenCase, backends: readonly Backend[]): Promise<void> {
  const tensors = new Map<string, Tensor>();
  const predictions = checkerOf(golden)(golden, (name) => {
    const value = golden.inputs.get(name);
    check(value, "goldens", () => `inputs of ${golden.name} must have ${name}, got ${[...golden.inputs.keys()]}`);
    const known = tensors.get(name) ?? Tensor.input({ shape: value.shape, dtype: value.dtype }, name);
    tensors.set(name, known);
    return known;
  });
  const predicted = new Set(predictions.map(({ path }) => path));
  const missing = [...golden.outputs.keys()].filter((path) => !predicted.has(path));
  const failures: string[] = [];
  if (missing.length > 0)
    failures.push(`[goldens] every output must be predicted, got none of "${golden.encoding}" for ${missing}`);
  const wrong = (on: string, prediction: Prediction, value: HostTensor): void => {
    try {
      expectGolden(golden, prediction, value);
    } catch (error) {
      const how = [on, prediction.by].filter(Boolean).join(", ");
      failures.push(`${prediction.path} (${how}): ${(error as Error).message}`);
    }
  };
  const graphs = predictions.filter(({ value }) => isTensor(value));
  for (const prediction of predictions) {
    if (!isTensor(prediction.value)) wrong("host", prediction, prediction.value);
  }
  for (const backend of graphs.length > 0 ? backends : []) {
    const names = [...tensors.keys()];
    const source = graph(
      [...tensors.values()],
      graphs.map(({ value }) => value as Tensor),
    );
    const executable = await backend.compile(source);
    try {
      const values = names.map((name) => golden.inputs.get(name) as HostTensor);
      const results = await runOn(backend, executable, source.inputs, values);
      graphs.forEach((prediction, index) => {
        wrong(backend.name, prediction, results[index] as HostTensor);
      });
    } finally {
      await executable.close();
    }
  }
  if (failures.length > 0) throw new RelposError(`${golden.encoding} ${golden.name}`, failures.join("\n"));
}

function expectGolden(golden: GoldenCase, { path, visibleOnly = false }: Prediction, value: HostTensor): void {
  const expected = golden.outputs.get(path);
  check(expected, "goldens", () => `outputs of ${golden.name} must have ${path}, got ${[...golden.outputs.keys()]}`);
  const shown = (x: HostTensor) => (visibleOnly ? withoutHidden(x) : x);
  const noise = golden.noise.get(path) ?? 0;
  expectClose(shown(value), shown(expected), toleranceOf(golden, value), { noise });
}

function toleranceOf({ encoding, dtype }: GoldenCase, actual: HostTensor): ToleranceClass {
  if (actual.dtype !== "float32") return "exact";
  if (!(actual.data instanceof Float64Array)) return "goldenFloat32";
  return dtype === "float32" || roundedReferences.has(encoding) ? "goldenSingle" : "golden";
}

/** Pairs [..., Q, K] with 0 for the keys that a causal query does not see. */
function withoutHidden(value: HostTensor): HostTensor {
  const [queries, keys] = value.shape.slice(-2) as [number, number];
  const hidden = (index: number) => index % keys > (Math.floor(index / keys) % queries) + (keys - queries);
  return { ...value, data: value.data.map((x, index) => (hidden(index) ? 0 : x)) as HostTensor["data"] };
}
