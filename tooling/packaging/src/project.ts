import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { execute, executeNode } from "./execute.js";
import { packAll } from "./tarballs.js";

/** A project outside the workspace, with published packages installed from their tarballs. */
export interface Project {
  readonly folder: string;
  /** Everything that npm installed, by name; what is there twice stands here twice. */
  readonly installed: readonly string[];
  /** Runs one of the programs with this Node and returns what it prints. */
  run(program: string, ...args: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

/** Where the programs are that projects get. */
export const programs = join(import.meta.dirname, "../programs");

/**
 * Makes a project of packages and programs. Packages come from tarballs wherever they are asked for, everything else from
 * the registry, and no install script runs.
 */
export async function makeProject(packages: readonly string[], files: readonly string[] = []): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), "relpos-packaging-"));
  const tarballs = await packAll(folder);
  const specifiers = Object.fromEntries([...tarballs].map(([name, { filename }]) => [name, `file:${filename}`]));
  const manifest = {
    name: "project",
    private: true,
    type: "module",
    dependencies: Object.fromEntries(packages.map((name) => [name, specifiers[name]])),
    overrides: specifiers,
  };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest, undefined, 2));
  for (const file of files) await cp(join(programs, file), join(folder, basename(file)), { recursive: true });
  await execute(folder, "npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]);
  return {
    folder,
    installed: await installedPackages(folder),
    run: (program, ...args) => executeNode(folder, program, args),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** "node_modules/a/node_modules/@b/c" → "@b/c", for every line of npm's lockfile but the project's own. */
async function installedPackages(folder: string): Promise<readonly string[]> {
  const lock = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, unknown>>;
  };
  const names = Object.keys(lock.packages).map((path) => path.split("node_modules/").at(-1) ?? "");
  return names.filter((name) => name !== "").sort();
}
