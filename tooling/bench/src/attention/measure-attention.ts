// Run by the attention benchmark in a process of its own: causal attention of one layer with each of some encodings.
import { createOrtNodeBackend, type OrtTensor } from "@relpos/backend-ort-node";
import { catalogue } from "@relpos/catalogue";
import { constant, graph, positions, randomKey, randomNormal, slice, Tensor, tensor } from "@relpos/core";
import { encodedAttention, initializeParameters, parameterInputs } from "@relpos/core/nn";
import { isolatedArgument } from "../isolate.js";
import { peakMemory } from "../peak-memory.js";

export interface AttentionSettings {
  /** Names in the catalogue; their runs take turns. */
  readonly encodings: readonly string[];
  readonly length: number;
  readonly trainLength: number;
  readonly heads: number;
  readonly headSize: number;
  /** Runs of each that are timed, after one that is not. */
  readonly runs: number;
}

export interface AttentionSamples {
  /** For each encoding. */
  readonly milliseconds: readonly (readonly number[])[];
  readonly peakMemoryBytes: number;
}

const { encodings, length, trainLength, heads, headSize, runs } = isolatedArgument<AttentionSettings>();
const width = heads * headSize;
const backend = await createOrtNodeBackend();
const upload = (index: number, sizes: readonly number[]): Promise<OrtTensor> => {
  const count = sizes.reduce((product, size) => product * size, 1);
  return backend.upload(tensor(randomNormal(randomKey(index), count), sizes));
};
const heard = [1, heads, length, headSize];
const values = await Promise.all([heard, heard, heard, [1, length, width]].map((sizes, index) => upload(index, sizes)));

/** One run of attention with an encoding. */
async function prepared(name: string): Promise<() => Promise<void>> {
  const encoding = catalogue[name]?.create({ trainLength, causal: true, embeddingDeviation: 0.02 });
  if (!encoding) throw new Error(`there is no encoding ${name}`);
  const specs = encoding.parameters?.({ width, layers: 1, heads, kvHeads: heads, headSize }) ?? {};
  const parameters = parameterInputs(specs);
  const input = (shape: readonly number[]) => Tensor.input({ shape, dtype: "float32" });
  const [query, key, value, x] = [input(heard), input(heard), input(heard), input([1, length, width])];
  const at = constant(positions(length));
  const places = { queryPositions: at, keyPositions: at, x, causal: true, scale: 1 / Math.sqrt(headSize) };
  const { output } = encodedAttention(query, key, value, { encoding, parameters, ...places });
  const last = slice(output, { 2: [length - 1, length] });
  const executable = await backend.compile(graph([query, key, value, x, ...Object.values(parameters)], [last]));
  const feeds = new Map([query, key, value, x].map((tensor, index) => [tensor, values[index] as OrtTensor]));
  for (const [name, value] of Object.entries(initializeParameters(specs, 0))) {
    feeds.set(parameters[name] as Tensor, await backend.upload(value));
  }
  return async () => {
    for (const result of await executable.run(feeds)) backend.dispose(result);
  };
}

const prepare = await Promise.all(encodings.map(prepared));
const milliseconds = encodings.map((): number[] => []);
for (let run = 0; run <= runs; run++) {
  for (const [index, attend] of prepare.entries()) {
    const start = performance.now();
    await attend();
    if (run > 0) milliseconds[index]?.push(performance.now() - start);
  }
}
const samples: AttentionSamples = { milliseconds, peakMemoryBytes: peakMemory() };
await backend.close();
console.log(JSON.stringify(samples));
