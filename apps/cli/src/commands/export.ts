import { stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type Checkpoint,
  exportSafetensors,
  type LoadOptions,
  type SavedDType,
  savedDTypes,
  type Task,
  type WeightDType,
  weightDTypes,
} from "@relpos/checkpoints";
import { exportOnnx } from "@relpos/export";
import type { Command } from "commander";
import type { CliContext } from "../context.js";
import { CliError, exitCodes } from "../errors.js";
import { cannotWrite, isFileError } from "../file-errors.js";
import { openNewOutput } from "../folder-store.js";
import { withData } from "../input-source.js";
import { listenForInterruption } from "../interrupt.js";
import { showLoading } from "../models/load-progress.js";
import { checkpointFlags, type ModelRequest, taskFlag } from "../models/model-flags.js";
import { openModel } from "../models/open-model.js";
import { addFlags } from "./flags.js";
import { names, oneOf } from "./parsers.js";

/** A form that checkpoints are written in. */
interface Format {
  readonly dtypes: readonly string[];
  /** Writes the folder; the names of its files. Types are among `dtypes`. */
  write(
    folder: string,
    checkpoint: Checkpoint,
    dtypes: readonly string[] | undefined,
    options: LoadOptions,
  ): Promise<readonly string[]>;
}

const formats = {
  onnx: {
    dtypes: weightDTypes,
    write: (folder, checkpoint, dtypes = ["fp32"], options) =>
      exportOnnx(folder, checkpoint, { dtypes: dtypes as readonly WeightDType[], ...options }),
  },
  safetensors: {
    dtypes: Object.keys(savedDTypes),
    write: (folder, checkpoint, dtypes = [], options) => {
      if (dtypes.length > 1) throw new CliError("--dtype takes one type for safetensors", "for example --dtype bf16");
      return exportSafetensors(folder, checkpoint, { dtype: dtypes[0] as SavedDType | undefined, ...options });
    },
  },
} as const satisfies Readonly<Record<string, Format>>;

type FormatName = keyof typeof formats;

interface ExportFlags extends Omit<ModelRequest, "dtype"> {
  readonly format: FormatName;
  readonly dtype?: readonly string[];
  readonly out: string;
  readonly task?: Task;
}

const groups = {
  "What is exported:": [...checkpointFlags, taskFlag],
  "How:": [
    {
      flags: "-f, --format <name>",
      description: `${Object.keys(formats).join(" or ")}: models for any ONNX Runtime and transformers.js, or a folder as Hugging Face has it`,
      parse: oneOf("--format", Object.keys(formats) as FormatName[]),
      default: "onnx",
    },
    {
      flags: "--dtype <types>",
      description: `onnx: one or several of ${formats.onnx.dtypes.join(", ")} (default: fp32); safetensors: ${formats.safetensors.dtypes.join(", ")} (default: as stored)`,
      parse: names("--dtype", "q4"),
    },
    { flags: "-o, --out <folder>", description: "new or empty folder", default: "relpos-export" },
  ],
};

const examples = `
Examples:
  $ relpos export --model ./Llama-3.2-1B --dtype fp32,q4 --out ./Llama-3.2-1B-ONNX
  $ relpos export --model ./Llama-3.2-1B --format safetensors --adapter ./book-lora --rope yarn:4 --dtype bf16 --out ./book`;

/** `relpos export`: a checkpoint as ONNX models, or as a Hugging Face folder with what it was opened with. */
export function addExportCommand(program: Command, context: CliContext): void {
  addFlags(program.command("export"), groups)
    .description("write a checkpoint as ONNX models that run anywhere, or as a folder with an adapter merged")
    .addHelpText("after", examples)
    .action((flags: ExportFlags) => runExport(flags, context));
}

async function runExport({ format, dtype, out, task, ...request }: ExportFlags, context: CliContext): Promise<void> {
  const { console, setExitCode } = context;
  const { dtypes, write }: Format = formats[format];
  for (const name of dtype ?? []) {
    if (!dtypes.includes(name)) {
      throw new CliError(
        `--dtype takes ${dtypes.join(", ")} for ${format}, got "${name}"`,
        `for example --dtype ${dtypes[0]}`,
      );
    }
  }
  const interruption = listenForInterruption(console);
  const { signal } = interruption;
  const { onProgress, stop } = showLoading(console);
  try {
    const checkpoint = await openModel(request, { signal, onProgress, ...(task && { task }) });
    try {
      await openNewOutput(out);
      const files = await withData(
        () => write(out, checkpoint, dtype && [...new Set(dtype)], { signal, onProgress }),
        "choose another model, --format or --dtype",
      );
      stop();
      for (const file of files) console.out(`${await sized(join(out, file))}\n`);
    } finally {
      await checkpoint.close();
    }
  } catch (error) {
    stop();
    if (signal.aborted) {
      console.error("stopped\n");
      setExitCode(interruption.exitCode());
      return;
    }
    throw isFileError(error) ? cannotWrite(out, error, exitCodes.failure) : error;
  } finally {
    interruption.release();
  }
}

async function sized(path: string): Promise<string> {
  const { size } = await stat(path);
  return `${path}  ${(size / 1e6).toFixed(size < 1e6 ? 3 : 1)} MB`;
}
