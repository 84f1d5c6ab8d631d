import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** The environment without what vitest and npm tell their own children. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(NODE_ENV|VITEST.*|npm_(config_call|command|(lifecycle|package)_.*))$/.test(name),
  ),
);

/** Runs a program in a folder and returns what it prints; rejects with all that it printed when it fails. */
export async function execute(folder: string, program: string, args: readonly string[]): Promise<string> {
  const shell = process.platform === "win32" && program !== process.execPath;
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      cwd: folder,
      env: environment,
      shell,
      maxBuffer: 2 ** 26,
    });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`${[program, ...args].join(" ")} failed in ${folder}\n${stdout}${stderr}`);
  }
}

/** Runs a JavaScript file with this Node. */
export function executeNode(folder: string, file: string, args: readonly string[] = []): Promise<string> {
  return execute(folder, process.execPath, [file, ...args]);
}
