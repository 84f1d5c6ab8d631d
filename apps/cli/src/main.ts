#!/usr/bin/env node
import { runCli } from "./cli.js";
import { processConsole } from "./console.js";
import { exitCodes } from "./errors.js";
import { reasonOf } from "./file-errors.js";

process.stdout.on("error", endAtWriteError);
process.stderr.on("error", endAtWriteError);

/** A reader that has seen enough, such as `head`, closes the pipe: that is no error. */
function endAtWriteError(error: NodeJS.ErrnoException): never {
  if (error.code === "EPIPE") process.exit(exitCodes.success);
  process.stderr.write(`error: cannot write the output: ${reasonOf(error)} — send it elsewhere\n`);
  process.exit(exitCodes.failure);
}

// Worker threads of backends do not keep the process alive; this does, until the program has ended.
const alive = setInterval(() => {}, 60_000);
process.exitCode = await runCli(process.argv.slice(2), processConsole());
clearInterval(alive);
