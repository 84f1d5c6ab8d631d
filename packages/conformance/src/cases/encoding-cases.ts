import { catalogue } from "@relpos/catalogue";
import { type Dim, dimension, type Graph, type HostTensor, type Tensor, type TensorSpec, trace } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { type KeyValue, type Transformer, transformer } from "@relpos/core/nn";
import type { CaseContext, ConformanceCase } from "../case.js";
import { evaluate, withExecutable } from "../evaluate.js";
import { expectClose } from "../tolerance.js";
import { byName, modelContext, movedWeights, randomTokens, smallSizes, typesOf } from "./model/small-model.js";

const [batch, length, prefill] = [2, 6, 4];

/** What differs most in how it is computed: turned, added, from a table, from data, with products of its own. */
const quickly: ReadonlySet<string> = new Set(["rope", "alibi", "t5", "fox", "transformer-xl"]);

/** In a model, every encoding of the catalogue agrees with the oracle, and a cache changes nothing. */
export const encodingCases: readonly ConformanceCase[] = Object.entries(catalogue).flatMap(([name, entry]) => {
  const model = (): Transformer => {
    const position = entry.create({ trainLength: length, causal: true, embeddingDeviation: 0.02 });
    return transformer({ ...smallSizes, kvHeads: 1, position });
  };
  const encodingCase = (details: string, run: ConformanceCase["run"]): ConformanceCase => ({
    name: `encoding/${name}/${details}`,
    group: "encoding",
    quick: quickly.has(name),
    dtypes: ["float32", "int32", "bool"],
    run,
  });
  return [
    encodingCase("agrees with the oracle", (context) => checkLogits(context, model())),
    encodingCase("cached equals uncached", ({ backend }) => checkCache(backend, model())),
  ];
});

const tokens = randomTokens(batch, length);

/** Logits of a whole sequence. */
function wholeGraph(model: Transformer, weights: Readonly<Record<string, HostTensor>>): Graph {
  return trace(
    (ids, ...values) => model.forward(byName(weights, values), { tokens: ids as Tensor }).logits,
    ...typesOf([tokens, ...Object.values(weights)]),
  );
}

async function checkLogits({ backend, oracle }: CaseContext, model: Transformer): Promise<void> {
  const weights = movedWeights(model);
  const values = [tokens, ...Object.values(weights)];
  const graph = wholeGraph(model, weights);
  const [actual] = await evaluate(backend, graph, values);
  const [expected] = await evaluate(oracle, graph, values);
  expectClose(actual as HostTensor, expected as HostTensor, "composite", modelContext);
}

/** The logits of a sequence whose first tokens go in at once and the others one by one are those of the whole. */
async function checkCache<T>(backend: Backend<T>, model: Transformer): Promise<void> {
  const weights = movedWeights(model);
  const [whole] = await evaluate(backend, wholeGraph(model, weights), [tokens, ...Object.values(weights)]);
  const { first, next } = cachedGraphs(model, weights);
  const handles = await Promise.all(Object.values(weights).map((value) => backend.upload(value)));
  try {
    await withExecutable(backend, first, {}, (filling) =>
      withExecutable(backend, next, {}, async (stepping) => {
        let cache: readonly T[] = [];
        for (let start = 0; start < length; start = start === 0 ? prefill : start + 1) {
          const executable = start === 0 ? filling : stepping;
          const end = start === 0 ? prefill : start + 1;
          const ids = await backend.upload(columns(tokens, start, end));
          const fed = [ids, ...handles, ...cache];
          const inputs = executable.graph.inputs;
          const outputs = await executable.run(new Map(inputs.map((input, index) => [input, fed[index] as T])));
          for (const handle of [ids, ...cache]) backend.dispose(handle);
          cache = outputs.slice(1);
          const logits = await backend.download(outputs[0] as T);
          backend.dispose(outputs[0] as T);
          expectClose(logits, columns(whole as HostTensor, start, end), "composite", modelContext);
        }
        for (const handle of cache) backend.dispose(handle);
      }),
    );
  } finally {
    for (const handle of handles) backend.dispose(handle);
  }
}

/** The graph that fills the cache, and the one that adds a token to a cache of any length. */
function cachedGraphs(model: Transformer, weights: Readonly<Record<string, HostTensor>>) {
  let template: readonly KeyValue[] = [];
  const own = typesOf(Object.values(weights));
  const first = trace(
    (ids, ...values) => {
      const { logits, present } = model.forward(byName(weights, values), { tokens: ids as Tensor });
      template = present;
      return [logits, ...flat(present)];
    },
    { shape: [batch, prefill], dtype: "int32" },
    ...own,
  );
  const caches = flat(template.map(ofAnyLength));
  const next = trace(
    (ids, ...values) => {
      const past = unflat(template, values.slice(own.length));
      const output = model.forward(byName(weights, values), { tokens: ids as Tensor, past });
      return [output.logits, ...flat(output.present)];
    },
    { shape: [batch, 1], dtype: "int32" },
    ...own,
    ...caches,
  );
  return { first, next };
}

type CacheTypes = { readonly [K in keyof KeyValue]: KeyValue[K] extends Tensor ? TensorSpec : TensorSpec | undefined };

/** Types of a layer's cache of any length: keys and values have it on axis 2, state on axis 1. */
function ofAnyLength({ key, value, state }: KeyValue): CacheTypes {
  const past = dimension("past");
  const type = ({ shape, dtype }: Tensor, axis: number): TensorSpec => ({
    shape: shape.map((dim: Dim, i) => (i === axis ? past : dim)),
    dtype,
  });
  return { key: type(key, 2), value: type(value, 2), ...(state && { state: type(state, 1) }) };
}

const flat = <P>(layers: readonly { readonly key: P; readonly value: P; readonly state?: P | undefined }[]) =>
  layers.flatMap(({ key, value, state }) => (state === undefined ? [key, value] : [key, value, state]));

function unflat(template: readonly KeyValue[], tensors: readonly Tensor[]): readonly KeyValue[] {
  const rest = [...tensors];
  const next = (): Tensor => rest.shift() as Tensor;
  return template.map(({ state }) => ({ key: next(), value: next(), ...(state && { state: next() }) }));
}

/** Elements start ≤ index < end of axis 1. */
function columns(value: HostTensor, start: number, end: number): HostTensor {
  const [rows, width, ...rest] = value.shape as readonly [number, number, ...number[]];
  const inner = rest.reduce((a, b) => a * b, 1);
  const data = value.data.filter((_: number, index: number) => {
    const column = Math.floor(index / inner) % width;
    return column >= start && column < end;
  });
  return { ...value, shape: [rows, end - start, ...rest], data };
}
