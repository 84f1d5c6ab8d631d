import {
  type CleaningOptions,
  type CleaningStepName,
  clean,
  cleaningSteps,
  readText,
  type StopWordLanguage,
  showCleaning,
} from "@relpos/text";
import type { Command } from "commander";
import type { CliContext } from "../context.js";
import { CliError } from "../errors.js";
import { inputSource, withData } from "../input-source.js";
import { addFlags } from "./flags.js";
import { names, oneOf, wholeNumber } from "./parsers.js";

interface CleanFlags {
  readonly steps: readonly string[];
  readonly urls: string;
  readonly numbers: string;
  readonly stopWords: readonly string[];
  readonly case: "lower" | "upper";
  readonly show?: true;
  readonly lines: number;
  readonly onError: "throw" | "skip";
}

const examples = `
Examples:
  $ relpos clean reviews.txt > clean.txt
  $ relpos clean reviews.txt --show --lines 5
  $ relpos clean titles.txt --steps unicode,stopWords,spaces --stop-words zh`;

const usualSteps = "html,urls,unicode,case,numbers,punctuation,spaces";
const languages = ["en", "zh"] as const;

const groups = {
  "Steps, taken in the order of the list below:": [
    {
      flags: "--steps <names>",
      description: "which steps are taken",
      parse: names("--steps", usualSteps),
      default: usualSteps,
    },
    { flags: "--urls <text>", description: "what addresses become (default: nothing)", default: "" },
    { flags: "--numbers <text>", description: "what numbers become (default: nothing)", default: "" },
    {
      flags: "--case <case>",
      description: "lower or upper",
      parse: oneOf("--case", ["lower", "upper"]),
      default: "lower",
    },
    {
      flags: "--stop-words <languages>",
      description: "whose words stopWords leaves out: en, zh",
      parse: names("--stop-words", "en,zh"),
      default: "en,zh",
    },
  ],
  "What is printed:": [
    { flags: "--show", description: "what each step makes of the first lines, in place of the cleaned text" },
    { flags: "--lines <number>", description: "lines that --show shows", parse: wholeNumber("--lines", 1), default: 3 },
    {
      flags: "--on-error <what>",
      description: "lines that are no text in UTF-8: throw, or skip and count them",
      parse: oneOf("--on-error", ["throw", "skip"]),
      default: "throw",
    },
  ],
};

function stepsHelp(): string {
  const rows = Object.entries(cleaningSteps).map(([name, { describe }]) => `  ${name.padEnd(12)} ${describe}`);
  return `\nSteps:\n${rows.join("\n")}\n`;
}

/** `relpos clean`: a text cleaned line by line, and what each step does to it. */
export function addCleanCommand(program: Command, context: CliContext): void {
  addFlags(program.command("clean").argument("<file>", "a text in UTF-8, gzipped if its name ends in .gz"), groups)
    .description("clean a text, and show what each step does")
    .addHelpText("after", () => stepsHelp() + examples)
    .action((file: string, flags: CleanFlags) => runClean(file, flags, context));
}

async function runClean(file: string, flags: CleanFlags, { console }: CliContext): Promise<void> {
  const options = optionsOf(flags);
  const dataset = readText(await inputSource(file), flags);
  await withData(async () => {
    let shown = 0;
    for await (const { text, line } of dataset) {
      if (!flags.show) console.out(`${clean(text, options)}\n`);
      else {
        console.out(`${shown > 0 ? "\n" : ""}line ${line}: ${text}\n`);
        for (const { step, before, after } of showCleaning(text, options)) {
          console.out(`  ${step.padEnd(12)} ${before === after ? "=" : after}\n`);
        }
        if (++shown === flags.lines) break;
      }
    }
  }, "mend it, or leave wrong lines out with --on-error skip");
  const { skipped, problems } = dataset.report();
  if (skipped > 0)
    console.error(`left out ${skipped} lines; the first: line ${problems[0]?.line}: ${problems[0]?.rule}\n`);
}

function optionsOf(flags: CleanFlags): CleaningOptions {
  const list = (value: string | readonly string[]) => (typeof value === "string" ? value.split(",") : value);
  const settings: Required<CleaningOptions> = {
    html: true,
    urls: flags.urls,
    unicode: "NFKC",
    case: flags.case,
    numbers: flags.numbers,
    punctuation: " ",
    stopWords: list(flags.stopWords).map((language) => oneOf("--stop-words", languages)(language) as StopWordLanguage),
    spaces: true,
  };
  const steps = Object.keys(settings) as readonly CleaningStepName[];
  const chosen = list(flags.steps).map((step) => oneOf("--steps", steps)(step));
  if (new Set(chosen).size < chosen.length)
    throw new CliError("--steps names a step twice", "the order is fixed: name each once");
  return Object.fromEntries(chosen.map((step) => [step, settings[step]]));
}
