import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { check } from "@relpos/core";

/** node-llama-cpp's libraries for processors. npm would fetch those for graphics cards too, which are ten times as large. */
const llamaLibraries: Readonly<Record<string, string>> = {
  "darwin-arm64": "mac-arm64-metal",
  "darwin-x64": "mac-x64",
  "linux-arm64": "linux-arm64",
  "linux-x64": "linux-x64",
  "win32-arm64": "win-arm64",
  "win32-x64": "win-x64",
};

function llamaLibrary(version: string): string {
  const platform = `${process.platform}-${process.arch}`;
  const library = llamaLibraries[platform];
  check(library, "installPeer", () => `node-llama-cpp has no library for ${platform}`);
  return `@node-llama-cpp/${library}@${version}`;
}

/** What is installed of another library. */
interface Peer {
  /** The package that it is about. */
  readonly dependency: string;
  readonly beside?: (version: string) => readonly string[];
  /** Whether optional dependencies are needed. Default `false`. */
  readonly optional?: boolean;
}

/** Folders of peers/, and what is installed there. */
const peers = {
  "jax-js": { dependency: "@jax-js/jax" },
  "node-llama-cpp": { dependency: "node-llama-cpp", beside: (version) => [llamaLibrary(version)] },
  // The library for pictures, which it imports in any case, has its processors' parts there.
  "transformers-js": { dependency: "@huggingface/transformers", optional: true },
} as const satisfies Record<string, Peer>;

export interface InstalledPeer {
  readonly version: string;
  /** The folder, which ends in a slash. */
  readonly folder: URL;
}

/** Installs another library into its folder below peers/, with npm and without running scripts. */
export function installPeer(name: keyof typeof peers): InstalledPeer {
  const folder = new URL(`../../peers/${name}/`, import.meta.url);
  const { dependencies } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const { dependency, beside = () => [], optional = false }: Peer = peers[name];
  const version = dependencies[dependency] as string;
  const quiet = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
  const options = optional ? quiet : [...quiet, "--omit=optional"];
  const { status } = spawnSync("npm", ["install", "--prefer-offline", ...options, ...beside(version)], {
    cwd: fileURLToPath(folder),
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  check(status === 0, "installPeer", () => `${dependency} ${version} could not be installed, npm ended with ${status}`);
  return { version, folder };
}
