import { check } from "@relpos/core";
import type { Checkpoint } from "./checkpoint.js";
import { isRemap } from "./config/remap.js";
import type { Safetensors } from "./safetensors/reader.js";
import { checkpointFiles, type SavedDType, saveFiles } from "./save-checkpoint.js";
import type { LoadOptions } from "./weights/load.js";

export interface SafetensorsExportOptions extends LoadOptions {
  /** In what numbers are written. Default: as in the file, or where it has several types "fp32". */
  readonly dtype?: SavedDType | undefined;
}

/**
 * Writes a checkpoint as Hugging Face's libraries open it, with what it was opened with: the adapter that was merged, and the
 * scaling of its rotary embedding in `config.json`. The names of the files. Needs Node.
 *
 * Errors for other distances of the rotary embedding, for which a configuration has no place.
 */
export async function exportSafetensors(
  folder: string,
  checkpoint: Checkpoint,
  { dtype = storedDType(checkpoint.weights), ...options }: SafetensorsExportOptions = {},
): Promise<readonly string[]> {
  const { rope, sources } = checkpoint;
  check(!rope || !isRemap(rope), "export", () => {
    return `a configuration has no place for ${rope?.type}: export it as ONNX, where it is part of the graph`;
  });
  const values = checkpoint.merged ? Object.entries(await checkpoint.load(options)) : [];
  const own = Object.fromEntries(values.filter(([parameter]) => sources.get(parameter)?.put));
  return saveFiles(folder, checkpointFiles(checkpoint, own, { dtype }));
}

const ofStored: Readonly<Record<string, SavedDType>> = { F32: "fp32", F16: "fp16", BF16: "bf16" };

/** The one type of a file's numbers, or float32 where they have several. */
function storedDType({ tensors }: Safetensors): SavedDType {
  const found = new Set([...tensors.values()].map(({ dtype }) => ofStored[dtype] ?? "fp32"));
  const [only = "fp32", ...others] = found;
  return others.length === 0 ? only : "fp32";
}
