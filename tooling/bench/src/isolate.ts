import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * Runs a module of this package in a process of its own, with an argument and a result that are plain data. The result is
 * the last line that it prints.
 */
export function isolate<Argument, Result>(
  module: URL,
  argument: Argument,
  environment: Readonly<Record<string, string>> = {},
): Result {
  const child = spawnSync(process.execPath, ["--expose-gc", fileURLToPath(module), JSON.stringify(argument)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 26,
    env: { ...process.env, ...environment },
  });
  if (child.status !== 0)
    throw new Error(`${module.pathname.split("/").at(-1)} ended with ${child.status ?? child.signal}`);
  return JSON.parse(child.stdout.trimEnd().split("\n").at(-1) as string) as Result;
}

/** The argument that `isolate` passed. */
export function isolatedArgument<Argument>(): Argument {
  return JSON.parse(process.argv[2] as string) as Argument;
}
