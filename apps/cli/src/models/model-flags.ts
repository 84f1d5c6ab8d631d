import {
  parseRope,
  type RopeOverride,
  ropeExamples,
  type Task,
  type WeightDType,
  weightDTypes,
} from "@relpos/checkpoints";
import { RelposError } from "@relpos/core";
import { ruleOf } from "@relpos/lab";
import type { BackendRequest } from "../backends/load.js";
import type { Flag } from "../commands/flags.js";
import { oneOf } from "../commands/parsers.js";
import { CliError } from "../errors.js";

/** Which checkpoint is opened, and how. */
export interface ModelRequest {
  readonly model?: string;
  readonly tokenizer?: string;
  readonly revision?: string;
  readonly localFilesOnly?: true;
  readonly rope?: RopeOverride;
  readonly adapter?: string;
  readonly dtype?: WeightDType;
}

/** A checkpoint on a backend. */
export type ModelFlags = ModelRequest & BackendRequest;

const model: Flag = {
  flags: "-m, --model <name>",
  description: "a folder as Hugging Face has it, a model's name on the hub, an address, or llama2.c's .bin",
};

/** Reads a scaling of a rotary embedding. */
function ropeOf(text: string): RopeOverride {
  try {
    return parseRope(text);
  } catch (error) {
    if (!(error instanceof RelposError)) throw error;
    throw new CliError(`--rope: ${ruleOf(error)}`, "for example --rope yarn:4", 2, {
      cause: error,
    });
  }
}

function dtypeOf(text: string): WeightDType {
  const found = weightDTypes.find((dtype) => dtype === text);
  if (found) return found;
  throw new CliError(`--dtype must be one of ${weightDTypes.join(", ")}, got ${text}`, "for example --dtype q8");
}

/** The options that choose a checkpoint. */
export const checkpointFlags: readonly Flag[] = [
  model,
  { flags: "--revision <name>", description: "a branch, tag or commit of the hub (default: main)" },
  { flags: "--local-files-only", description: "use only what was fetched from the hub before" },
  {
    flags: "--adapter <folder>",
    description:
      "a LoRA adapter as PEFT writes it, merged into the weights; a folder of one alone can be the model too",
  },
  {
    flags: "--rope <scaling>",
    description: `read further with another rotary embedding: ${ropeExamples.join(", ")}`,
    parse: ropeOf,
  },
];

/** In what weights are kept, for commands that compute with them. */
export const dtypeFlag: Flag = {
  flags: "--dtype <type>",
  description: `in what the weights are kept: ${weightDTypes.join(", ")}; made once and kept (default: fp32)`,
  parse: dtypeOf,
};

const tasks: readonly Task[] = [
  "causal-lm",
  "masked-lm",
  "seq2seq-lm",
  "sequence-classification",
  "token-classification",
  "question-answering",
  "image-classification",
  "features",
];

/** Which head a checkpoint is opened with. */
export const taskFlag: Flag = {
  flags: "--task <name>",
  description: `its head: ${tasks.join(", ")} (default: as its architecture says)`,
  parse: oneOf("--task", tasks),
};

export const tokenizerFlag: Flag = {
  flags: "--tokenizer <file>",
  description: "a tokenizer.json or llama2.c's .bin (default: the checkpoint's own, or tokenizer.bin beside a .bin)",
};

/** Those of a checkpoint whose text is read or written. */
export const textModelFlags: readonly Flag[] = [...checkpointFlags, dtypeFlag, tokenizerFlag];
