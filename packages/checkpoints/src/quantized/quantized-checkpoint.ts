import { check, digest, type HostTensor } from "@relpos/core";
import type { ParameterSpecs } from "@relpos/core/nn";
import { cacheFile, modifiedAt, writeFileAtomically } from "#files";
import { type Checkpoint, checkpointOf } from "../checkpoint.js";
import { storedAs } from "../safetensors/dtypes.js";
import { openSafetensors, type Safetensors, type TensorPlace } from "../safetensors/reader.js";
import { toStoredTensor } from "../safetensors/stored-tensor.js";
import { headerBytes } from "../safetensors/writer.js";
import type { LoadOptions } from "../weights/load.js";
import { ownNames } from "../weights/weight-table.js";
import { type QuantizedModel, quantizedModel, type WeightDType, weightDTypes } from "./quantized-model.js";

export interface QuantizeOptions extends LoadOptions {
  /** Where quantized weights are kept, in Node. Default: `relpos` in the user's folder of caches. */
  readonly cacheFolder?: string | undefined;
}

/** Changes with what is written for the same weights. */
const version = 1;

/** So many bytes from the middle of each tensor go into the name of the file. */
const sampled = 4096;

/**
 * The same checkpoint with its weights in fewer bits, which are made from its own when they are first asked for, and then kept
 * in a file where the checkpoint lies on disk too. What is returned closes the given checkpoint with it.
 *
 * Errors when a weight is no number.
 */
export async function quantizeCheckpoint(
  checkpoint: Checkpoint,
  dtype: WeightDType,
  options: QuantizeOptions = {},
): Promise<Checkpoint> {
  const quantized = quantizedModel(checkpoint.model, dtype);
  const { model } = quantized;
  const key = await keyOf(checkpoint, dtype, options);
  const path = key === undefined ? undefined : cacheFile(`${key}.safetensors`, options.cacheFolder);
  const kept = path === undefined ? undefined : await fromFile(path, checkpoint, quantized, options);
  const weights = kept ?? (await inMemory(checkpoint, quantized, options));
  const { family, config, files, contextLength, rope } = checkpoint;
  const names = { table: ownNames(model.parameters), prefix: "" };
  const made = checkpointOf({ family, config, files, contextLength, rope, blueprint: { model, names }, weights });
  return {
    ...made,
    close: async () => {
      await Promise.all([made.close(), checkpoint.close()]);
    },
  };
}

/** A checkpoint in the type of weights that it was asked for. */
export async function inDType(
  checkpoint: Checkpoint,
  { dtype = "fp32", ...options }: QuantizeOptions & { readonly dtype?: WeightDType | undefined },
): Promise<Checkpoint> {
  check(weightDTypes.includes(dtype), "openCheckpoint", () => {
    return `dtype must be one of ${weightDTypes.join(", ")}, got ${dtype}`;
  });
  return dtype === "fp32" ? checkpoint : quantizeCheckpoint(checkpoint, dtype, options);
}

/** The quantized weights in a file, written if it is not there. `undefined` where none can be written. */
async function fromFile(
  path: string,
  checkpoint: Checkpoint,
  quantized: QuantizedModel,
  options: QuantizeOptions,
): Promise<Safetensors | undefined> {
  if ((await modifiedAt(path)) === undefined) {
    try {
      await writeFileAtomically(path, piecesOf(checkpoint, quantized, options));
    } catch (error) {
      // A disk that is full or read-only: the weights are made each time.
      if (error instanceof Error && "syscall" in error) return undefined;
      throw error;
    }
  }
  return openSafetensors(path, options);
}

async function inMemory(
  checkpoint: Checkpoint,
  quantized: QuantizedModel,
  options: QuantizeOptions,
): Promise<Safetensors> {
  const pieces: Uint8Array[] = [];
  for await (const piece of piecesOf(checkpoint, quantized, options)) pieces.push(piece);
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return openSafetensors(bytes, options);
}

/** A safetensors file of the quantized parameters, piece by piece. */
async function* piecesOf(
  checkpoint: Checkpoint,
  { model, split }: QuantizedModel,
  options: QuantizeOptions,
): AsyncGenerator<Uint8Array> {
  yield headerBytes(headerOf(model.parameters));
  for await (const [parameter, value] of checkpoint.stream(options)) {
    for (const part of Object.values(split(parameter, value))) yield bytesOf(part);
  }
}

const bytesOf = (value: HostTensor): Uint8Array => toStoredTensor(value).bytes;

function headerOf(parameters: ParameterSpecs) {
  return Object.entries(parameters).map(
    ([name, { shape, dtype = "float32" }]) => [name, { dtype: storedAs[dtype], shape }] as const,
  );
}

/**
 * The file's name: by the parameters and where they come from, by the files' sizes and times of change, and by some of each
 * tensor's bytes. `undefined` where the weights do not lie on disk.
 */
async function keyOf(
  { weights, sources, model }: Checkpoint,
  dtype: WeightDType,
  options: QuantizeOptions,
): Promise<string | undefined> {
  const files = new Set([...weights.tensors.values()].map(({ source }) => source));
  const marks: unknown[] = [version, dtype, headerOf(model.parameters)];
  for (const { path, size } of files) {
    if (path === undefined) return undefined;
    marks.push(await size(options), await modifiedAt(path));
  }
  for (const [parameter, { from }] of sources) {
    for (const name of from) {
      const { source, offset, length } = weights.tensors.get(name) as TensorPlace;
      const start = offset + Math.floor(Math.max(0, length - sampled) / 2);
      const sample = await source.read(start, Math.min(start + sampled, offset + length), options);
      marks.push(parameter, name, digest(sample));
    }
  }
  const text = JSON.stringify(marks);
  return `${dtype}-${digest(text)}${digest(`again ${text}`)}`;
}
