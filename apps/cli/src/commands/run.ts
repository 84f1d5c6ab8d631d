import { dirname, resolve } from "node:path";
import {
  type HostInputs,
  loadModel,
  openSafetensors,
  type Safetensors,
  saveSafetensors,
  type Task,
} from "@relpos/checkpoints";
import { elementCount, type HostTensor, toNumbers } from "@relpos/core";
import type { Named } from "@relpos/core/nn";
import type { Command } from "commander";
import type { CliContext } from "../context.js";
import { CliError, exitCodes } from "../errors.js";
import { cannotWrite } from "../file-errors.js";
import { probe } from "../folder-store.js";
import { withData } from "../input-source.js";
import { showLoading } from "../models/load-progress.js";
import { checkpointFlags, dtypeFlag, type ModelFlags, taskFlag } from "../models/model-flags.js";
import { onBackend, openModel } from "../models/open-model.js";
import { addFlags, backendFlags } from "./flags.js";
import { numberFrom } from "./parsers.js";

interface RunFlags extends ModelFlags {
  readonly inputs?: string;
  readonly outputs?: string;
  readonly expected?: string;
  readonly tolerance: number;
  readonly task?: Task;
}

const groups = {
  "What is run:": [
    ...checkpointFlags,
    dtypeFlag,
    taskFlag,
    {
      flags: "-i, --inputs <file>",
      description: "safetensors: input_ids, attention_mask, … as Hugging Face names them; others are left out",
    },
    { flags: "-o, --outputs <file>", description: "safetensors to write: logits, last_hidden_state, …" },
    { flags: "--expected <file>", description: "safetensors to compare the outputs with, by name" },
    {
      flags: "--tolerance <number>",
      description: "relative error ‖out − expected‖ / ‖expected‖ that is allowed",
      parse: numberFrom("--tolerance", 0, Number.POSITIVE_INFINITY, 1e-4),
      default: 1e-4,
    },
  ],
  "Where it runs:": backendFlags,
};

const example = `
Examples:
  $ relpos run --model ./Llama-3.2-1B --inputs in.safetensors --outputs out.safetensors
  $ relpos run --model ./bert --inputs in.safetensors --expected python.safetensors --backend reference`;

/** `relpos run`: named tensors in, logits or hidden states out, to compare with what other programs compute. */
export function addRunCommand(program: Command, context: CliContext): void {
  addFlags(program.command("run"), groups)
    .description("run a checkpoint on tensors of a file, and write or compare what it computes")
    .addHelpText("after", example)
    .action((flags: RunFlags) => runModel(flags, context));
}

async function runModel(flags: RunFlags, context: CliContext): Promise<void> {
  const { console, setExitCode } = context;
  if (flags.inputs === undefined) throw new CliError("--inputs is missing", "name a file of safetensors");
  if (flags.outputs === undefined && flags.expected === undefined) {
    throw new CliError("--outputs is missing", "name a file to write, or one to compare with by --expected");
  }
  if (flags.outputs !== undefined) await prepareOutputs(flags.outputs, flags.inputs);
  const inputs = await readTensors("--inputs", flags.inputs);
  const expected = flags.expected === undefined ? undefined : await readTensors("--expected", flags.expected);
  await onBackend(flags, context, async ({ backend, signal }) => {
    const { onProgress, stop } = showLoading(console);
    const checkpoint = await openModel(flags, { signal, onProgress, ...(flags.task && { task: flags.task }) });
    try {
      const given = knownInputs(inputs, checkpoint.model.inputs, flags.inputs as string, console);
      const outputs = await withData(async () => {
        const model = await loadModel(checkpoint.model, await checkpoint.load({ signal, onProgress }), backend);
        stop();
        try {
          return (await model.run(given, { signal })).outputs;
        } finally {
          await model.close();
        }
      }, "choose inputs that the model takes; `relpos info` names them");
      if (flags.outputs !== undefined) await writeOutputs(flags.outputs, outputs);
      for (const [name, { shape }] of Object.entries(outputs)) console.out(`${name}  [${shape.join(", ")}]\n`);
      if (expected && !agrees({ outputs, expected, mask: given.attention_mask }, flags, console))
        setExitCode(exitCodes.failure);
    } finally {
      await checkpoint.close();
    }
  });
}

/** Errors where the outputs cannot be written, or would take the place of the inputs. */
async function prepareOutputs(outputs: string, inputs: string): Promise<void> {
  if (resolve(outputs) === resolve(inputs))
    throw new CliError("--outputs is the file of --inputs", "name another file");
  await probe(dirname(outputs), "--outputs");
}

async function readTensors(flag: string, path: string): Promise<Named<HostTensor>> {
  return withData(async () => {
    const file: Safetensors = await openSafetensors(path);
    try {
      const entries = [...file.tensors.keys()].map(async (name) => [name, await file.load(name)] as const);
      return Object.fromEntries(await Promise.all(entries));
    } finally {
      await file.close();
    }
  }, `name a file of safetensors with ${flag}`);
}

async function writeOutputs(path: string, outputs: Named<HostTensor>): Promise<void> {
  await saveSafetensors(path, outputs).catch((error: unknown) => {
    throw cannotWrite(path, error, exitCodes.failure, "--outputs");
  });
}

/** The tensors that are inputs of the model. Errors when the one that it needs is not among them. */
function knownInputs(
  tensors: Named<HostTensor>,
  names: readonly string[],
  file: string,
  console: CliContext["console"],
): HostInputs {
  // An encoder's output stands in place of input_ids: beside them it is what was expected.
  const isInput = (name: string): boolean =>
    names.includes(name) && !(name === "encoder_last_hidden_state" && tensors.input_ids);
  const [known, others] = [true, false].map((wanted) =>
    Object.keys(tensors).filter((name) => isInput(name) === wanted),
  ) as [string[], string[]];
  if (known.length === 0) {
    throw new CliError(`--inputs ${file} has no input of the model`, `its inputs are ${names.join(", ")}`);
  }
  if (others.length > 0) console.error(`left out of --inputs ${file}: ${others.join(", ")}\n`);
  return Object.fromEntries(known.map((name) => [name, tensors[name] as HostTensor]));
}

interface Comparison {
  readonly outputs: Named<HostTensor>;
  readonly expected: Named<HostTensor>;
  /** int32 [B, S]: padding is not compared. */
  readonly mask: HostTensor | undefined;
}

/** Prints the relative error of each output; whether all are within the tolerance. Errors when nothing can be compared. */
function agrees(
  { outputs, expected, mask }: Comparison,
  { expected: file, tolerance }: RunFlags,
  console: CliContext["console"],
): boolean {
  const shared = Object.keys(outputs).filter((name) => expected[name]);
  if (shared.length === 0) {
    throw new CliError(`--expected ${file} has none of the outputs`, `they are ${Object.keys(outputs).join(", ")}`);
  }
  const results = shared.map((name) => {
    const error = relativeError(name, outputs[name] as HostTensor, expected[name] as HostTensor, mask);
    const agreed = error <= tolerance;
    console.out(`${name}  relative error ${error.toExponential(2)}${agreed ? "" : `, above ${tolerance}`}\n`);
    return agreed;
  });
  return results.every((agreed) => agreed);
}

/** ‖actual − expected‖ / ‖expected‖, of values for each token [B, S, …] without those of padding. */
function relativeError(name: string, actual: HostTensor, expected: HostTensor, mask: HostTensor | undefined): number {
  if (actual.shape.join() !== expected.shape.join()) {
    throw new CliError(
      `${name} has the shape [${actual.shape}], expected is [${expected.shape}]`,
      "compare with outputs of the same inputs",
      exitCodes.failure,
    );
  }
  const [a, e] = [toNumbers(actual), toNumbers(expected)];
  const isPerToken = mask && actual.shape.slice(0, 2).join() === mask.shape.join();
  const size = elementCount(actual.shape.slice(2));
  let [difference, norm] = [0, 0];
  for (let index = 0; index < e.length; index++) {
    if (isPerToken && mask.data[Math.floor(index / size)] === 0) continue;
    difference += ((a[index] as number) - (e[index] as number)) ** 2;
    norm += (e[index] as number) ** 2;
  }
  return Math.sqrt(difference / norm);
}
