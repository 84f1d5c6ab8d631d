import { basename, join } from "node:path";
import { styleText } from "node:util";
import { ropeExamples } from "@relpos/checkpoints";
import { RelposError } from "@relpos/core";
import {
  describeExtension,
  type ExtendOptions,
  type ExtendResults,
  extendContext,
  extensionTable,
  type RunStore,
  renderExtension,
} from "@relpos/lab";
import type { Command } from "commander";
import { chooseBackend, settingsOf, startBackend } from "../backends/load.js";
import type { CliContext } from "../context.js";
import { CliError } from "../errors.js";
import { openOutput } from "../folder-store.js";
import { withData } from "../input-source.js";
import { listenForInterruption } from "../interrupt.js";
import { describeEnvironment } from "../machine.js";
import { type ModelFlags, textModelFlags } from "../models/model-flags.js";
import { openModel, openTokenizer } from "../models/open-model.js";
import { showProgress } from "../progress.js";
import { commandLine } from "../quote.js";
import { readTextFile } from "../text-file.js";
import { addFlags, backendFlags } from "./flags.js";
import { names, numbersFrom, wholeNumber, wholeNumbers } from "./parsers.js";

interface ExtendFlags extends ModelFlags {
  readonly text?: string;
  readonly lengths?: readonly number[];
  readonly methods?: readonly string[];
  readonly tokens?: number;
  readonly depths?: readonly number[];
  readonly keys?: number;
  readonly seed?: number;
  readonly out: string;
  readonly resume?: true;
  readonly json?: true;
}

const groups = {
  "What is measured:": [
    ...textModelFlags.filter(({ flags }) => !/^--(rope|dtype) /.test(flags)),
    { flags: "-t, --text <file>", description: "a text in UTF-8, longer than the longest length" },
    {
      flags: "-l, --lengths <numbers>",
      description: "lengths of the context in tokens (default: 1, 2 and 4 times the model's own)",
      parse: wholeNumbers("--lengths", 4, "512,1024,2048"),
    },
    {
      flags: "--methods <names>",
      description: `none for the model as it is, and of ${ropeExamples.join(", ")} (default: none, and every way to the longest length)`,
      parse: (text: string) => joinParameters(names("--methods", "none,yarn:4,dual-chunk")(text)),
    },
    {
      flags: "--tokens <number>",
      description: "most tokens of the text to read (default: four times the longest length, at least 2048)",
      parse: wholeNumber("--tokens", 4),
    },
    {
      flags: "--depths <numbers>",
      description: "where passkeys stand, 0 at the beginning and 1 at the end (default: 0,0.25,0.5,0.75,1)",
      parse: numbersFrom("--depths", 0, 1, "0,0.5,1"),
    },
    {
      flags: "--keys <number>",
      description: "passkeys at each depth and length; 0 for none (default: 2)",
      parse: wholeNumber("--keys", 0),
    },
    { flags: "--seed <number>", description: "of the passkeys (default: 0)", parse: wholeNumber("--seed", 0) },
  ],
  "Where it goes:": [
    { flags: "-o, --out <folder>", description: "new or empty folder for results", default: "relpos-extend" },
    { flags: "--resume", description: "go on with what is in --out; the other options must be the same" },
    { flags: "--json", description: "print the results as JSON in place of the table" },
  ],
  "Where it runs:": backendFlags,
};

const examples = `
Examples:
  $ relpos extend --model ./Llama-3.2-1B --text book.txt --lengths 8192,16384,32768 --out reports/extend
  $ relpos extend --model stories260K.bin --tokenizer tok512.bin --text stories.txt --out reports/stories
  $ relpos extend --model ./my-model --text book.txt --lengths 512,2048 --methods none,yarn:4,self-extend:group=4,window=128
  $ relpos generate --model ./Llama-3.2-1B --rope yarn:2 --prompt …what was recommended, in use`;

/** `relpos extend`: how far a checkpoint reads with each scaling of its rotary embedding, without training. */
export function addExtendCommand(program: Command, context: CliContext): void {
  addFlags(program.command("extend"), groups)
    .description("measure how far a checkpoint reads with each way to make it read further, without training")
    .addHelpText("after", examples)
    .action((flags: ExtendFlags) => runExtend(flags, context));
}

/** Parameters after a comma belong to the method before them: `self-extend:group=4,window=128`. */
function joinParameters(words: readonly string[]): readonly string[] {
  const methods: string[] = [];
  for (const word of words) {
    const before = /^[\w-]+=/.test(word) ? methods.pop() : undefined;
    methods.push(before === undefined ? word : `${before},${word}`);
  }
  return methods;
}

async function runExtend(flags: ExtendFlags, context: CliContext): Promise<void> {
  const { console } = context;
  if (flags.text === undefined) throw new CliError("--text is missing", "name a text file");
  const text = await readTextFile(flags.text);
  const { options, tokenizer } = await prepare(flags);
  const chosen = await chooseBackend(flags);
  const store = await openOutput(flags.out, flags.resume ?? false, "extension");
  const backend = await startBackend(chosen);
  const interruption = listenForInterruption(console);
  const progress = showProgress(console, describeExtension);
  try {
    const results = await withData(
      () =>
        extendContext(options, {
          backend,
          backendSettings: settingsOf(chosen),
          open: (rope) => openModel({ ...flags, ...(rope && { rope }) }).catch(throwCause),
          name: basename(flags.model as string),
          tokenizer,
          text,
          store,
          resume: flags.resume ?? false,
          environment: describeEnvironment(commandLine(context.args, false)),
          signal: interruption.signal,
          onEvent: progress.listener,
        }),
      "choose another text, or the model's own tokenizer",
    );
    progress.stop();
    await present(results, flags, store, context);
  } catch (error) {
    progress.stop();
    if (!interruption.signal.aborted) throw error;
    console.error(`stopped; what was measured is kept. Go on with:\n  ${commandLine(context.args, true)}\n`);
    context.setExitCode(interruption.exitCode());
  } finally {
    interruption.release();
    await backend.close();
  }
}

/** Why a model cannot have a method stands in the results: the error as the library has it. */
function throwCause(error: unknown): never {
  throw error instanceof CliError && error.cause instanceof RelposError ? error.cause : error;
}

/** The tokenizer, and the options with lengths. Errors before anything is written. */
async function prepare(flags: ExtendFlags) {
  const checkpoint = await openModel(flags);
  try {
    const tokenizer = await openTokenizer(flags, checkpoint);
    const { contextLength } = checkpoint;
    const lengths =
      flags.lengths ?? (contextLength === undefined ? [] : [1, 2, 4].map((times) => times * contextLength));
    const { methods, tokens, depths, keys, seed } = flags;
    const options: ExtendOptions = { lengths, methods, tokens, depths, keys, seed };
    return { tokenizer, options };
  } finally {
    await checkpoint.close();
  }
}

async function present(
  results: ExtendResults,
  flags: ExtendFlags,
  store: RunStore,
  { console }: CliContext,
): Promise<void> {
  await store.write("report.html", new TextEncoder().encode(await renderExtension(results)));
  const bold = (text: string): string => (console.decorated ? styleText("bold", text) : text);
  console.out(flags.json ? `${JSON.stringify(results)}\n` : `\n${extensionTable(results, { emphasize: bold })}\n\n`);
  const say = flags.json ? console.error : console.out;
  say(`report:  ${join(flags.out, "report.html")}\nresults: ${join(flags.out, "results.json")}\n`);
}
