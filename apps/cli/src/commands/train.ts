import { join } from "node:path";
import { openCheckpoint } from "@relpos/checkpoints";
import { NonFiniteLossError } from "@relpos/core";
import {
  type LanguageTask,
  type LanguageTaskName,
  languageTasks,
  renderTrainReport,
  type TokenizerName,
  type TrainBase,
  type TrainResults,
  tokenizerNames,
  trainModel,
  trainTable,
} from "@relpos/lab/language";
import { readTokenizer } from "@relpos/pipelines";
import { type LargeText, readVectors, type Tokenizer, type TokenizerConfig, tokenizerFromJson } from "@relpos/text";
import { fileSource } from "@relpos/text/node";
import { Argument, type Command } from "commander";
import { chooseBackend, settingsOf, startBackend } from "../backends/load.js";
import type { CliContext } from "../context.js";
import { CliError, exitCodes } from "../errors.js";
import { folderStore, openOutput } from "../folder-store.js";
import { withData } from "../input-source.js";
import { listenForInterruption } from "../interrupt.js";
import { describeEnvironment } from "../machine.js";
import { commandLine } from "../quote.js";
import { labelsOf, withKnownLabels } from "../records/known-labels.js";
import { describeLeftOut } from "../records/left-out.js";
import { reading, readRecords } from "../records/read-records.js";
import { isStreamed, streamTexts } from "../records/read-texts.js";
import { showTraining } from "../train-progress.js";
import { addFlags } from "./flags.js";
import { type TrainFlags, trainFlags, trainOptionsOf } from "./train-options.js";

const examples = `
Examples:
  $ relpos train lm --data book.txt --length 64 --out models/book
  $ relpos train classify --data train.tsv --validation dev.tsv --test test.tsv --encoding t5 --out models/topics
  $ relpos train translate --data train.en.gz,train.de.gz --validation val.en.gz,val.de.gz --out models/en-de
  $ relpos train mlm --data lines.txt --out models/base
  $ relpos train classify --data train.tsv --from models/base --out models/fine-tuned
  $ relpos train lm --data book.txt --from ./Llama-3.2-1B --lora rank=8,alpha=16,targets=q_proj+v_proj --out book-lora
  $ relpos train lm --out models/book --resume …the options as before`;

/** Every task with what it is. */
export function languageTasksHelp(): string {
  const rows = Object.values(languageTasks).map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`);
  return `\nTasks:\n${rows.join("\n")}\n`;
}

/** The argument that names a task. */
export const taskArgument = (): Argument =>
  new Argument("<task>", "what is learned").choices(Object.keys(languageTasks));

/** `relpos train TASK`: a model from data, with any encoding, on any backend. */
export function addTrainCommand(program: Command, context: CliContext): void {
  addFlags(program.command("train").addArgument(taskArgument()), trainFlags)
    .description("train a model of a language task: from raw data to a folder that can be used")
    .addHelpText("after", `${languageTasksHelp()}${examples}`)
    .action((task: LanguageTaskName, flags: TrainFlags) => runTrain(task, flags, context));
}

async function runTrain(name: LanguageTaskName, flags: TrainFlags, context: CliContext): Promise<void> {
  const { console } = context;
  if (flags.data === undefined) throw new CliError("--data is missing", "name a file to learn from");
  const chosen = await chooseBackend(flags);
  const from = flags.from === undefined ? undefined : await openBase(flags.from);
  const tokenizer = from?.tokenizer ?? (await givenTokenizer(flags.tokenizer));
  const data = await readData(name, flags, console);
  const vectors = flags.vectors === undefined ? undefined : await readWords(flags.vectors, flags, console);
  const store = await openOutput(flags.out, flags.resume ?? false, "training");
  const backend = await startBackend(chosen);
  const interruption = listenForInterruption(console);
  const progress = showTraining(console);
  try {
    const options = {
      ...trainOptionsOf(flags),
      ...(tokenizer
        ? { tokenizer: "given" as const }
        : flags.tokenizer && { tokenizer: flags.tokenizer as TokenizerName }),
    };
    const task = languageTasks[name] as unknown as LanguageTask<TrainData["training"]>;
    const results = await trainModel(
      { task, options, ...data, tokenizer, from: from?.base, vectors },
      {
        backend,
        backendSettings: settingsOf(chosen),
        store,
        resume: flags.resume ?? false,
        environment: describeEnvironment(commandLine(context.args, false)),
        signal: interruption.signal,
        onEvent: progress.listener,
        saveEvery: 1000 * flags.saveEvery,
        residentBytes: () => process.memoryUsage.rss(),
      },
    );
    progress.stop();
    await store.write("report.html", new TextEncoder().encode(await renderTrainReport(results)));
    present(results, flags, context);
  } catch (error) {
    progress.stop();
    if (error instanceof NonFiniteLossError) {
      const message = error.message.replace(/^\[train\] |; lower the learning rate$/g, "");
      throw new CliError(message, "try a lower --learning-rate in another --out", exitCodes.failure, { cause: error });
    }
    if (!interruption.signal.aborted) throw error;
    console.error(`stopped; the state is kept. Go on with:\n  ${commandLine(context.args, true)}\n`);
    context.setExitCode(interruption.exitCode());
  } finally {
    interruption.release();
    if ("close" in data.training) await data.training.close();
    await from?.base.checkpoint.close();
    await backend.close();
  }
}

/** The checkpoint that a training goes on from, and its tokenizer. */
function openBase(name: string): Promise<{ readonly base: TrainBase; readonly tokenizer: Tokenizer }> {
  const remedy =
    "name a folder of `relpos train`, or a checkpoint with config.json, model.safetensors and tokenizer.json";
  return withData(async () => {
    const checkpoint = await openCheckpoint(name);
    return { base: { checkpoint, name }, tokenizer: await readTokenizer(checkpoint.files) };
  }, remedy);
}

/** The tokenizer of a folder, where one is named. */
async function givenTokenizer(name: string | undefined): Promise<Tokenizer | undefined> {
  if (name === undefined || tokenizerNames.includes(name as TokenizerName)) return undefined;
  const store = folderStore(name);
  const bytes = await store.read("tokenizer.json");
  if (!bytes) {
    throw new CliError(
      `--tokenizer ${name}: there is no such tokenizer, and no folder with a tokenizer.json`,
      `choose ${tokenizerNames.join(", ")}, or a folder`,
    );
  }
  const config = await store.read("tokenizer_config.json");
  const parse = (json: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(json));
  return tokenizerFromJson(new TextDecoder().decode(bytes), config && (parse(config) as TokenizerConfig));
}

/** Word vectors, and on the console what was wrong with those that were left out. */
async function readWords(path: string, { onError = "throw" }: TrainFlags, console: CliContext["console"]) {
  const { vectors, report } = await reading("--vectors", path, () => readVectors(fileSource(path), { onError }));
  console.error(describeLeftOut("--vectors", path, report));
  return vectors;
}

/** What a training reads: records of its task, or a text that stays in its file. */
interface TrainData {
  readonly training: readonly object[] | LargeText;
  readonly validation: readonly object[];
  readonly test?: readonly object[] | undefined;
}

/** Training, validation and test records. Without a file of its own, validation is the last tenth of the training data. */
async function readData(name: LanguageTaskName, flags: TrainFlags, console: CliContext["console"]): Promise<TrainData> {
  const read = async (flag: string, path: string): Promise<readonly object[]> => {
    const { records, ...leftOut } = await readRecords(name, flag, path, flags);
    console.error(describeLeftOut(flag, path, leftOut));
    return records;
  };
  const { data, validation, test } = flags;
  const others = {
    ...(validation !== undefined && { validation: await read("--validation", validation) }),
    ...(test !== undefined && { test: await read("--test", test) }),
  };
  if (name === "lm" && (await reading("--data", data, () => isStreamed(data, flags)))) {
    const streamed = await reading("--data", data, () => streamTexts(data, flags));
    console.error(describeLeftOut("--data", data, streamed));
    return { ...streamed, ...others };
  }
  const all = await read("--data", data);
  const split = validation === undefined ? splitRecords(all) : { training: all, validation: [] };
  const whole: RecordData = { ...split, ...others };
  return name === "classify" && flags.onError === "skip" ? withoutUnseen(whole, console) : whole;
}

type RecordData = TrainData & { readonly training: readonly object[] };

/** Data whose validation and test records have labels of the training records only. */
function withoutUnseen({ training, validation, test }: RecordData, console: CliContext["console"]): TrainData {
  const known = labelsOf(training);
  const kept = (what: string, records: readonly object[]): readonly object[] => {
    const { records: good, ...leftOut } = withKnownLabels(records, known);
    console.error(describeLeftOut(what, "records", leftOut));
    return good;
  };
  return { training, validation: kept("validation", validation), ...(test && { test: kept("test", test) }) };
}

/** The first nine tenths and the rest; of a single text, its characters. */
function splitRecords(records: readonly object[]): {
  training: readonly object[];
  validation: readonly object[];
} {
  const [only] = records as readonly { readonly text?: string }[];
  if (records.length === 1 && only?.text !== undefined) {
    const cut = Math.floor(0.9 * only.text.length);
    return {
      training: [{ ...only, text: only.text.slice(0, cut) }],
      validation: [{ ...only, text: only.text.slice(cut) }],
    };
  }
  const cut = Math.min(records.length - 1, Math.ceil(0.9 * records.length));
  if (cut < 1) throw new CliError("--data has one record only", "name more data, or --validation");
  return { training: records.slice(0, cut), validation: records.slice(cut) };
}

function present(results: TrainResults, { out, json }: TrainFlags, { console }: CliContext): void {
  console.out(json ? `${JSON.stringify(results)}\n` : `\n${trainTable(results)}\n\n`);
  const say = json ? console.error : console.out;
  say(`model:   ${out}\nreport:  ${join(out, "report.html")}\nresults: ${join(out, "results.json")}\n`);
}
