import type { BackendRequest } from "../backends/load.js";
import type { Flag } from "../commands/flags.js";

/** Which checkpoint is opened, and how. */
export interface ModelRequest {
  readonly model?: string;
  readonly tokenizer?: string;
  readonly revision?: string;
  readonly localFilesOnly?: true;
}

/** A checkpoint on a backend. */
export type ModelFlags = ModelRequest & BackendRequest;

const model: Flag = {
  flags: "-m, --model <name>",
  description: "a folder as Hugging Face has it, a model's name on the hub, an address, or llama2.c's .bin",
};

/** The options that choose a checkpoint. */
export const checkpointFlags: readonly Flag[] = [
  model,
  { flags: "--revision <name>", description: "a branch, tag or commit of the hub (default: main)" },
  { flags: "--local-files-only", description: "use only what was fetched from the hub before" },
];

/** Those of a checkpoint whose text is read or written. */
export const textModelFlags: readonly Flag[] = [
  ...checkpointFlags,
  {
    flags: "--tokenizer <file>",
    description: "a tokenizer.json or llama2.c's .bin (default: the checkpoint's own, or tokenizer.bin beside a .bin)",
  },
];
