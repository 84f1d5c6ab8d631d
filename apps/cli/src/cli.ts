import { Command, CommanderError } from "commander";
import { addChatCommand } from "./commands/chat.js";
import { addCleanCommand } from "./commands/clean.js";
import { addCompareCommand } from "./commands/compare.js";
import { addDoctorCommand } from "./commands/doctor.js";
import { addEncodingsCommand } from "./commands/encodings.js";
import { addEvaluateCommand } from "./commands/evaluate.js";
import { addExportCommand } from "./commands/export.js";
import { addExtendCommand } from "./commands/extend.js";
import { addGenerateCommand } from "./commands/generate.js";
import { addInfoCommand } from "./commands/info.js";
import { addInspectCommand } from "./commands/inspect.js";
import { addPerplexityCommand } from "./commands/perplexity.js";
import { addQuantizeCommand } from "./commands/quantize.js";
import { addRecommendCommand } from "./commands/recommend.js";
import { addRunCommand } from "./commands/run.js";
import { addServeCommand } from "./commands/serve.js";
import { addTrainCommand } from "./commands/train.js";
import { addUseCommands } from "./commands/use-model.js";
import { addVectorsCommand } from "./commands/vectors.js";
import type { Console } from "./console.js";
import type { CliContext } from "./context.js";
import { describeError, exitCodes } from "./errors.js";
import { packageVersion } from "./machine.js";

/** Runs the program on arguments (without node and script) and returns the exit code. Never throws. */
export async function runCli(args: readonly string[], console: Console): Promise<number> {
  let exitCode: number = exitCodes.success;
  const context: CliContext = {
    console,
    args,
    setExitCode: (code) => {
      exitCode = code;
    },
  };
  try {
    await createProgram(context).parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && shownCodes[error.code] !== undefined) return shownCodes[error.code]!;
    if (process.env.RELPOS_DEBUG && error instanceof Error) console.error(`${error.stack}\n`);
    const { line, exitCode: code } = describeError(error);
    console.error(`${line}\n`);
    return code;
  }
}

/** Ends of commander after it has shown what was wanted. */
const shownCodes: Readonly<Record<string, number>> = {
  "commander.helpDisplayed": exitCodes.success,
  "commander.version": exitCodes.success,
  "commander.help": exitCodes.usage,
};

function createProgram(context: CliContext): Command {
  const program = new Command("relpos")
    .description("Relative position encodings for transformers: train with each, measure beyond the training length.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.console.out(text),
      writeErr: (text) => context.console.error(text),
      outputError: () => {},
    })
    .addHelpText("after", "\nExample:\n  $ relpos compare --encodings rope,alibi --out reports/first");
  addCompareCommand(program, context);
  addEncodingsCommand(program, context);
  addInspectCommand(program, context);
  addRecommendCommand(program, context);
  addTrainCommand(program, context);
  addEvaluateCommand(program, context);
  addUseCommands(program, context);
  addGenerateCommand(program, context);
  addChatCommand(program, context);
  addServeCommand(program, context);
  addPerplexityCommand(program, context);
  addQuantizeCommand(program, context);
  addExtendCommand(program, context);
  addExportCommand(program, context);
  addInfoCommand(program, context);
  addRunCommand(program, context);
  addCleanCommand(program, context);
  addVectorsCommand(program, context);
  addDoctorCommand(program, context);
  return program;
}
