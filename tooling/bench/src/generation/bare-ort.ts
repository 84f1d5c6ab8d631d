// A contender: greedy generation by onnxruntime-node alone, in this thread: one session, one cache that is fed and fetched.
import { dirname } from "node:path";
import { encodeOnnx } from "@relpos/onnx";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Start } from "../rounds/contender.js";
import { bareModel } from "./bare-model.js";
import { benchmarkSizes as sizes } from "./random-llama.js";
import { type GenerationRound, type GenerationSample, openMeasured, type RelposSettings } from "./relpos.js";

/** A cache has room for whole blocks of tokens, as relpos' has. */
const block = 256;

export const start: Start<RelposSettings, GenerationRound, GenerationSample> = async ({ threads, ...settings }) => {
  const checkpoint = await openMeasured(settings);
  const { model } = encodeOnnx(await bareModel(checkpoint, sizes), { inline: true });
  const { value: place } = await checkpoint.places()[Symbol.asyncIterator]().next();
  await checkpoint.close();
  const packs = settings.dtype !== undefined && settings.dtype !== "fp32";
  const folder = dirname(place[1].path);
  const session = await InferenceSession.create(model, {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    logSeverityLevel: 4,
    extra: {
      session: {
        model_external_initializers_file_folder_path: folder,
        ...(packs ? {} : { disable_prepacking: "1" }),
      },
    },
  });
  const { layers, width, heads, kvHeads } = sizes;
  const names = Array.from({ length: layers }, (_, layer) => [`key.${layer}`, `value.${layer}`]).flat();

  const run = async ({ prompt, newTokens }: GenerationRound): Promise<GenerationSample> => {
    const capacity = Math.ceil((prompt.length + newTokens) / block) * block;
    const shape = [1, kvHeads, capacity, width / heads];
    const size = shape.reduce((product, own) => product * own, 1);
    const cache = names.map((name) => [name, new Tensor("float32", new Float32Array(size), shape)] as const);
    const present = Object.fromEntries(cache.map(([name, tensor]) => [`present.${name}`, tensor]));
    const tokens: number[] = [];
    let held = 0;
    const take = async (row: readonly number[]): Promise<void> => {
      held += row.length;
      const feeds = {
        tokens: new Tensor("int32", Int32Array.from(row), [1, row.length]),
        last: new Tensor("int32", Int32Array.of(held - 1), [1]),
        total: new Tensor("int32", Int32Array.of(held), []),
        ...Object.fromEntries(cache),
      };
      const { token } = await session.run(feeds, { token: null, ...present });
      tokens.push(Number(token?.data[0]));
    };
    const before = performance.now();
    await take(prompt);
    const between = performance.now();
    while (tokens.length < newTokens) await take(tokens.slice(-1));
    const after = performance.now();
    return { prefillMs: between - before, decodeMs: (after - between) / (newTokens - 1), tokens };
  };
  await run({ prompt: [1, 2, 3], newTokens: 2 });
  return { run, close: () => session.release() };
};
