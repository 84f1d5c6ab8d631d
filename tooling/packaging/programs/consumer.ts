// What a user of every library writes, for the type check alone.
import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { createOrtWebBackend } from "@relpos/backend-ort-web";
import { createReferenceBackend } from "@relpos/backend-reference";
import { createTfjsBackend } from "@relpos/backend-tfjs";
import { catalogue } from "@relpos/catalogue";
import { type Checkpoint, openCheckpoint } from "@relpos/checkpoints";
import { type ConformanceReport, runConformance, type Tolerance, tolerances } from "@relpos/conformance";
import { type HostTensor, mul, neg, positions, run, square, type Tensor } from "@relpos/core";
import type { Backend, BackendProvider } from "@relpos/core/backend";
import { alibi, defineEncoding, relativePositions, rope } from "@relpos/core/encodings";
import { ones, type Transformer, transformer } from "@relpos/core/nn";
import { adamW, nextToken, Trainer, tokenBatch } from "@relpos/core/train";
import { exportOnnx } from "@relpos/export";
import { memoryRunStore, type RunStore } from "@relpos/lab";
import { claims, lower } from "@relpos/onnx";
import { createOrtDriver } from "@relpos/onnx/driver";
import { LanguageModel, Session, TextGenerator } from "@relpos/pipelines";
import { type Server, startServer } from "@relpos/server";
import { type Tokenizer, tokenizerFromJson } from "@relpos/text";

export const backend: Backend = createReferenceBackend();
export const started: readonly Promise<Backend>[] = [
  createOrtNodeBackend({ device: "cpu", threads: 1 }),
  createOrtWebBackend({ device: "webgpu", fallback: "wasm" }),
  createTfjsBackend({ device: "cpu" }),
];
export const provider: BackendProvider = {
  name: "mine",
  summary: "a backend of one's own",
  devices: ["cpu"],
  create: async () => backend,
};

export const bias: Promise<HostTensor> = run(
  backend,
  (query, key) => alibi().bias({ query, key, heads: 8 }),
  positions(16),
  positions(16),
);

const model: Transformer = transformer({
  layers: 1,
  width: 16,
  heads: 2,
  vocabulary: 11,
  position: rope({ base: 100 }),
});
export async function losses(batches: Iterable<Record<string, HostTensor>>): Promise<number[]> {
  const trainer = await Trainer.create(backend, {
    parameters: model.parameters,
    loss: nextToken(model),
    batch: tokenBatch(2, 4),
    optimizer: adamW({ learningRate: 1e-3 }),
  });
  const found: number[] = [];
  for await (const { loss } of trainer.over(batches)) found.push(loss);
  return found;
}

export const gaussian = defineEncoding<"width">({
  kind: "gaussian",
  settings: {},
  cache: "rotated-keys",
  parameters: ({ heads }) => ({ width: { shape: [heads, 1, 1], initialize: ones } }),
  bias: ({ parameters, query, key }): Tensor => neg(mul(square(relativePositions(query, key)), parameters.width)),
});

export const formula: string | undefined = catalogue.rope?.formula;

// @ts-expect-error: types reach the user; a base is a number.
rope({ base: "10000" });

export const tolerance: Tolerance = tolerances.training();
export const report: Promise<ConformanceReport> = runConformance({ name: "mine", create: async () => backend });
export const store: RunStore = memoryRunStore();
export const onnx = { claims, lower, createOrtDriver };

export async function write(folder: string, json: string): Promise<string> {
  const checkpoint: Checkpoint = await openCheckpoint(folder);
  const tokenizer: Tokenizer = tokenizerFromJson(json);
  const language = await LanguageModel.create(checkpoint.model, checkpoint.stream(), backend);
  const session = new Session(language);
  const { text } = await new TextGenerator(language, tokenizer).generate("Once", { maxNewTokens: 8 }, session);
  session.dispose();
  return text;
}

export const exported = async (folder: string, to: string): Promise<readonly string[]> =>
  exportOnnx(to, await openCheckpoint(folder), { dtypes: ["fp32", "q4"] });

export const serve = (generator: TextGenerator): Promise<Server> => startServer({ generator, model: "mine" });
