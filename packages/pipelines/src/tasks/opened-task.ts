import {
  type Checkpoint,
  type CheckpointSource,
  type ConfigFields,
  contextLengthOf,
  createModelRunner,
  type LoadOptions,
  type Model,
  type OpenOptions,
  openCheckpoint,
  type Task,
} from "@relpos/checkpoints";
import { check } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { Tokenizer } from "@relpos/text";
import { readTokenizer } from "../generation/checkpoint-files.js";
import { hold, specsOn } from "../generation/held-weights.js";
import { type RunModel, runWith } from "./run-model.js";

export interface PipelineOptions extends Omit<OpenOptions, "task"> {
  readonly backend: Backend;
  /** Default: that of the checkpoint's tokenizer.json. */
  readonly tokenizer?: Tokenizer | undefined;
}

/** A checkpoint with a task's head on a backend. */
export interface OpenedTask {
  readonly config: ConfigFields;
  readonly model: Model;
  readonly tokenizer: Tokenizer;
  readonly run: RunModel;
  /** The token that fills rows up. */
  readonly pad: number;
  /** Most tokens of a row. */
  readonly longest: number;
  dispose(): Promise<void>;
}

/** Opens a checkpoint for a task, with its tokenizer. Errors where it has no such head. */
export async function openTask(
  source: CheckpointSource | Checkpoint,
  task: Task,
  { backend, tokenizer: own, ...options }: PipelineOptions,
): Promise<OpenedTask> {
  const given = typeof source === "object" && "model" in source;
  const checkpoint = given ? source : await openCheckpoint(source, { ...options, task });
  try {
    const { config, model, files } = checkpoint;
    check(model.task === task, "pipeline", () => `the checkpoint must be opened for ${task}, got ${model.task}`);
    const tokenizer = own ?? (await readTokenizer(files, options));
    const { run, dispose } = await holdModel(checkpoint, backend, options);
    return {
      config,
      model,
      tokenizer,
      pad: paddingOf(config, tokenizer),
      longest: longestOf(config, model),
      run,
      dispose,
    };
  } finally {
    if (!given) await checkpoint.close();
  }
}

/** Gives a checkpoint's weights to a backend, each before the next is read, in the element types that it has. */
async function holdModel(
  { model, stream }: Checkpoint,
  backend: Backend,
  options: LoadOptions,
): Promise<Pick<OpenedTask, "run" | "dispose">> {
  const parameters = specsOn(backend, model.parameters);
  const runner = createModelRunner({ ...model, parameters }, backend);
  const held: Record<string, unknown> = {};
  const dispose = async (): Promise<void> => {
    await runner.close();
    for (const handle of Object.values(held)) backend.dispose(handle);
  };
  try {
    for await (const [name, value] of stream(options)) {
      held[name] = await hold(backend, value, parameters[name]?.dtype ?? "float32");
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { run: runWith(runner, held), dispose };
}

/** The token that fills rows up: the model's, the tokenizer's, or where they have none the one that ends a text. */
export function paddingOf({ pad_token_id: own }: ConfigFields, { vocabulary }: Tokenizer): number {
  const named = typeof own === "number" && own >= 0 ? own : undefined;
  return named ?? vocabulary.special.pad ?? vocabulary.special.eos ?? 0;
}

/** Most tokens that a model can see: by its configuration, and by its encodings where those have tables. */
export function longestOf(config: ConfigFields, { encodings = [] }: Model): number {
  const tables = encodings.map(({ maximumPositions }) => maximumPositions ?? Number.POSITIVE_INFINITY);
  return Math.min(contextLengthOf(config) ?? 512, ...tables);
}

/**
 * A text's tokens with the special ones that the tokenizer adds, at most `length`: what is too long loses its end, not the
 * special tokens. A text without tokens is the unknown one.
 */
export function tokensWithin(tokenizer: Tokenizer, text: string, length: number): Int32Array {
  const { ids } = tokenizer.encode(text, { addSpecialTokens: true });
  if (ids.length === 0) return Int32Array.of(tokenizer.vocabulary.special.unk ?? 0);
  if (ids.length <= length) return ids;
  const plain = tokenizer.encode(text).ids.length;
  const added = ids.length - plain;
  const before = leadingSpecial(tokenizer, ids, added);
  const end = ids.length - (added - before);
  return Int32Array.of(...ids.subarray(0, length - (added - before)), ...ids.subarray(end));
}

/** How many of the added tokens stand before the text. */
function leadingSpecial({ vocabulary }: Tokenizer, ids: Int32Array, added: number): number {
  const first = ids.findIndex((id) => !vocabulary.isSpecial(id));
  return Math.min(added, first === -1 ? added : first);
}

/** Names of classes, by their numbers: `id2label`, or LABEL_0, … as in transformers. */
export function labelOf({ id2label }: ConfigFields, index: number): string {
  const labels = (id2label ?? {}) as Readonly<Record<string, string>>;
  return labels[String(index)] ?? `LABEL_${index}`;
}
