import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve as resolvePath } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { resolve } from "import-meta-resolve";

/** Whether words name a file or folder rather than a package: they begin with ./, ../ or a root. */
export function isPath(name: string): boolean {
  return /^\.{1,2}($|[/\\])/.test(name) || resolvePath(name) === name;
}

/** The module that a package exports, looked for from this program and from the current folder. Undefined: not installed. */
export function locatePackage(name: string): URL | undefined {
  const parents = [import.meta.url, pathToFileURL(resolvePath("package.json")).href];
  for (const parent of parents) {
    try {
      return new URL(resolve(name, parent));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    }
  }
  return undefined;
}

/** The module at a path: the file, or what the package in the folder exports. Undefined: there is nothing. */
export function locatePath(path: string): URL | undefined {
  const absolute = resolvePath(path);
  if (!existsSync(absolute)) return undefined;
  return statSync(absolute).isDirectory() ? entryOf(absolute) : pathToFileURL(absolute);
}

/** A package with exports can be found from within by its name; one without has its main file. */
function entryOf(folder: string): URL {
  const file = join(folder, "package.json");
  const manifest = readManifest(file) ?? {};
  return manifest.name && manifest.exports
    ? new URL(resolve(manifest.name, pathToFileURL(file).href))
    : pathToFileURL(join(folder, manifest.main ?? "index.js"));
}

/** Version of the package that a file belongs to: that of the nearest package.json above it. */
export function versionAt(module: URL): string | undefined {
  let folder = dirname(fileURLToPath(module));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return readManifest(join(folder, "package.json"))?.version;
}

function readManifest(file: string): Manifest | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Manifest) : undefined;
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly exports?: unknown;
  readonly main?: string;
}
