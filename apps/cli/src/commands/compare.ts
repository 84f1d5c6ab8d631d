import { join } from "node:path";
import { styleText } from "node:util";
import {
  type CompareData,
  type CompareResults,
  compare,
  describeComparison,
  hasFailures,
  prepareComparison,
  type RunStore,
  renderCurves,
  renderReport,
  tasks,
  terminalTable,
} from "@relpos/lab";
import type { Command } from "commander";
import { chooseBackend, settingsOf, startBackend } from "../backends/load.js";
import type { CliContext } from "../context.js";
import { CliError, exitCodes } from "../errors.js";
import { openOutput } from "../folder-store.js";
import { listenForInterruption } from "../interrupt.js";
import { describeEnvironment } from "../machine.js";
import { showProgress } from "../progress.js";
import { commandLine } from "../quote.js";
import { readTextFile } from "../text-file.js";
import { addCompareOptions, type CompareFlags, compareOptionsOf } from "./compare-options.js";

const examples = `
Examples:
  $ relpos compare
  $ relpos compare --encodings rope,alibi --text book.txt --train-length 64 --test-lengths 64,128,256,512 --out reports/book
  $ relpos compare --encodings none,rope,t5 --seeds 0,1,2 --task copy --out reports/copy
  $ relpos compare --encodings none,rope,abacus,position-coupling --task addition --train-length 63 --test-lengths 63,123,303 --out reports/sums
  $ relpos compare --out reports/book --resume …the options as before`;

/** Every task with what it is. */
function tasksHelp(): string {
  const rows = Object.values(tasks).map(({ name, describe, shortest }) => {
    return `  ${name.padEnd(12)}${describe} (from length ${shortest})`;
  });
  return `\nTasks:\n${rows.join("\n")}\n`;
}

/** `relpos compare`: the same small decoder with each encoding, measured beyond the length it was trained on. */
export function addCompareCommand(program: Command, context: CliContext): void {
  addCompareOptions(program.command("compare"))
    .description("train the same small decoder with each encoding and measure it beyond the training length")
    .addHelpText("after", `${tasksHelp()}${examples}`)
    .action((flags: CompareFlags) => runCompare(flags, context));
}

async function runCompare(flags: CompareFlags, context: CliContext): Promise<void> {
  const { console } = context;
  const options = compareOptionsOf(flags);
  const chosen = await chooseBackend(flags);
  const data = await dataOf(flags);
  prepareComparison(options, data);
  const store = await openOutput(flags.out, flags.resume ?? false);
  const backend = await startBackend(chosen);
  const interruption = listenForInterruption(console);
  const progress = showProgress(console, describeComparison);
  try {
    const results = await compare(options, {
      backend,
      backendSettings: settingsOf(chosen),
      data,
      store,
      resume: flags.resume ?? false,
      environment: describeEnvironment(commandLine(context.args, false)),
      signal: interruption.signal,
      onEvent: progress.listener,
    });
    progress.stop();
    await present(results, flags, store, context);
    if (hasFailures(results)) context.setExitCode(exitCodes.failure);
  } catch (error) {
    progress.stop();
    if (!interruption.signal.aborted) throw error;
    console.error(`stopped; finished runs are kept. Go on with:\n  ${commandLine(context.args, true)}\n`);
    context.setExitCode(interruption.exitCode());
  } finally {
    interruption.release();
    await backend.close();
  }
}

async function dataOf({ text, task }: CompareFlags): Promise<CompareData> {
  if (text !== undefined && task !== undefined)
    throw new CliError("--text and --task exclude each other", "leave one out");
  if (text !== undefined) return readTextFile(text);
  return task === undefined ? { kind: "stories" } : { kind: "task", task };
}

async function present(
  results: CompareResults,
  flags: CompareFlags,
  store: RunStore,
  { console }: CliContext,
): Promise<void> {
  const files = { "report.html": await renderReport(results), ...(await curveFiles(results)) };
  for (const [name, text] of Object.entries(files)) await store.write(name, new TextEncoder().encode(text));
  const bold = (text: string): string => (console.decorated ? styleText("bold", text) : text);
  console.out(flags.json ? `${JSON.stringify(results)}\n` : `\n${terminalTable(results, { emphasize: bold })}\n\n`);
  const say = flags.json ? console.error : console.out;
  say(
    `report:  ${join(flags.out, "report.html")}\ncurves:  ${join(flags.out, "curves")}\nresults: ${join(flags.out, "results.json")}\n`,
  );
  if (hasFailures(results))
    console.error("error: some runs failed, see above — try a lower --learning-rate in another --out\n");
}

async function curveFiles(results: CompareResults): Promise<Readonly<Record<string, string>>> {
  const curves = Object.entries(await renderCurves(results));
  return Object.fromEntries(curves.map(([name, svg]) => [join("curves", name), svg]));
}
