#!/usr/bin/env node
import { runCli } from "./cli.js";
import { processConsole } from "./console.js";

// A reader that has seen enough, such as `head`, closes the pipe.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
}

// Worker threads of backends do not keep the process alive; this does, until the program has ended.
const alive = setInterval(() => {}, 60_000);
process.exitCode = await runCli(process.argv.slice(2), processConsole());
clearInterval(alive);
