import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type Checkpoint,
  type OpenOptions,
  openCheckpoint,
  openLlama2c,
  readLlama2cTokenizer,
} from "@relpos/checkpoints";
import type { Backend } from "@relpos/core/backend";
import {
  llama2cTextTokenizer,
  openTextGenerator,
  readTokenizer,
  type TextGenerator,
  type TextTokenizer,
} from "@relpos/pipelines";
import { tokenizerFromJson } from "@relpos/text";
import { type BackendRequest, type ChosenBackend, chooseBackend, startBackend } from "../backends/load.js";
import type { CliContext } from "../context.js";
import { CliError } from "../errors.js";
import { cannotRead } from "../file-errors.js";
import { withData } from "../input-source.js";
import { listenForInterruption } from "../interrupt.js";
import { showLoading } from "./load-progress.js";
import type { ModelFlags, ModelRequest } from "./model-flags.js";

const remedy = "choose a checkpoint with config.json, model.safetensors and tokenizer.json; see `relpos info`";

/** What a command works with: a backend, and the signal that Ctrl-C sets off. */
export interface Workplace {
  readonly backend: Backend;
  readonly signal: AbortSignal;
  /** Leaves Ctrl-C to others. */
  release(): void;
}

/** Starts a backend for what is done with it, and closes it. Ctrl-C ends in one line and the exit code of interruptions. */
export async function onBackend(
  flags: BackendRequest,
  context: CliContext,
  act: (workplace: Workplace) => Promise<void>,
): Promise<void> {
  await onChosenBackend(await chooseBackend(flags), context, act);
}

/** `onBackend` with a backend that was loaded before. */
export async function onChosenBackend(
  chosen: ChosenBackend,
  { console, setExitCode }: CliContext,
  act: (workplace: Workplace) => Promise<void>,
): Promise<void> {
  const backend = await startBackend(chosen);
  const interruption = listenForInterruption(console);
  try {
    await act({ backend, signal: interruption.signal, release: interruption.release });
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    console.error("stopped\n");
    setExitCode(interruption.exitCode());
  } finally {
    interruption.release();
    await backend.close();
  }
}

/** Opens a checkpoint: its configuration and headers. Errors with what is wrong in it. */
export function openModel(request: ModelRequest, options: OpenOptions = {}): Promise<Checkpoint> {
  const { model, revision, localFilesOnly, rope, adapter, dtype } = request;
  if (model === undefined) throw new CliError("--model is missing", "name a folder, or a model of the hub");
  const hub = { ...(revision && { revision }), ...(localFilesOnly && { localFilesOnly }) };
  const scaled = {
    ...options,
    ...(rope && { rope }),
    ...(adapter !== undefined && { adapter }),
    ...(dtype && { dtype }),
  };
  return withData(
    () => (model.endsWith(".bin") ? openLlama2c(model, scaled) : openCheckpoint(model, { ...hub, ...scaled })),
    rope ? `${remedy}, or another --rope` : remedy,
  );
}

/** Opens a decoder with its tokenizer on a backend, and shows how far it is. */
export async function openGenerator(
  flags: ModelFlags,
  { backend, signal }: Pick<Workplace, "backend" | "signal">,
  { console }: CliContext,
): Promise<TextGenerator> {
  const { onProgress, stop } = showLoading(console);
  try {
    const tokenizer = await givenTokenizer(flags);
    const checkpoint = await openModel(flags, { signal, onProgress });
    try {
      return await withData(() => openTextGenerator(checkpoint, { backend, tokenizer, signal, onProgress }), remedy);
    } finally {
      await checkpoint.close();
    }
  } finally {
    stop();
  }
}

/** The tokenizer of a checkpoint, or the one that was given in its place. */
export async function openTokenizer(flags: ModelRequest, { files }: Checkpoint): Promise<TextTokenizer> {
  return (await givenTokenizer(flags)) ?? (await withData(() => readTokenizer(files), remedy));
}

/** The tokenizer of --tokenizer, or for llama2.c's models the file that its programs take. */
async function givenTokenizer({ model = "", tokenizer }: ModelRequest): Promise<TextTokenizer | undefined> {
  const path = tokenizer ?? (model.endsWith(".bin") ? join(dirname(model), "tokenizer.bin") : undefined);
  if (path === undefined) return undefined;
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw cannotRead(`the tokenizer ${path}`, cause, "name one with --tokenizer");
  });
  return withData<TextTokenizer>(
    async () =>
      path.endsWith(".bin")
        ? llama2cTextTokenizer(readLlama2cTokenizer(bytes))
        : tokenizerFromJson(new TextDecoder().decode(bytes)),
    "name a tokenizer.json, or a tokenizer of llama2.c",
  );
}
