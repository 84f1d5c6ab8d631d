// What the root scripts share. Plain Node, no dependencies: these run before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Prints one line, what is wrong and what to do, and exits. */
export function fail(problem, remedy) {
  console.error(`error: ${problem}. ${remedy}`);
  process.exit(1);
}

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Node ${process.versions.node} is too old`, "Install Node 20.19 or newer.");
}

const quiet = { TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", npm_config_update_notifier: "false" };

/** Runs a command, from the repository root unless told otherwise, and returns its exit code. */
function call(command, args, { cwd = root, env = {}, shell = false } = {}) {
  const result = spawnSync(command, args, { cwd, shell, stdio: "inherit", env: { ...process.env, ...quiet, ...env } });
  if (result.error) fail(`cannot start ${command} (${result.error.message})`, "Is it on the PATH?");
  return result.status ?? 1;
}

/** Runs a JavaScript file, given relative to the repository root, with this Node. */
export function node(file, args, options) {
  return call(process.execPath, [join(root, file), ...args], options);
}

/** What a JavaScript file, given relative to the repository root, prints with this Node. */
export function capture(file, args) {
  const result = spawnSync(process.execPath, [join(root, file), ...args], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (result.status !== 0) fail(`${file} ${args.join(" ")} failed`, result.stderr);
  return result.stdout;
}

const exact = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager.split("@")[1];
const shell = process.platform === "win32";
let command;

/** How to call pnpm of the right major version: the one on the PATH, else through npx. */
export function pnpmCommand() {
  if (!command) {
    const found = spawnSync("pnpm", ["--version"], { cwd: root, shell, encoding: "utf8" });
    const right = found.status === 0 && found.stdout.trim().split(".")[0] === exact.split(".")[0];
    command = right ? ["pnpm"] : ["npx", "--yes", `pnpm@${exact}`];
  }
  return command;
}

function pnpm(args) {
  const [program, ...first] = pnpmCommand();
  return call(program, [...first, ...args], { shell });
}

/** Installs what the lockfile says; a fraction of a second when nothing changed. */
export function install() {
  if (pnpm(["install", "--frozen-lockfile", "--reporter=append-only"]) !== 0) {
    fail(
      "the dependencies could not be installed",
      "Check the network; after a change to a package.json run `npx --yes pnpm@12 install` and keep pnpm-lock.yaml.",
    );
  }
}

/** Runs a task in every package; `pnpm exec` puts pnpm on turbo's PATH. */
export function turbo(task, args = []) {
  return pnpm(["exec", "turbo", "run", task, "--output-logs=errors-only", ...args]);
}

/** Builds packages, and removes from those that are published what is left of sources that are no more. */
export function build(args = []) {
  if (turbo("build", args) !== 0) fail("the build failed", "The compiler's messages are above.");
  for (const folder of packageFolders()) {
    const { private: unpublished } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (!unpublished) removeLeftovers(join(folder, "dist"), join(folder, "src"));
  }
}

/** Folders of the workspace's packages. */
export function packageFolders() {
  return ["packages", "apps", "tooling", "examples"]
    .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
    .filter((folder) => existsSync(join(folder, "package.json")));
}

function removeLeftovers(outputs, sources) {
  if (!existsSync(outputs)) return;
  for (const entry of readdirSync(outputs, { withFileTypes: true })) {
    const [output, source] = [join(outputs, entry.name), join(sources, entry.name)];
    if (entry.isDirectory() && existsSync(source)) removeLeftovers(output, source);
    else if (!existsSync(source.replace(/(\.d\.ts|\.js)$/, ".ts"))) rmSync(output, { recursive: true });
  }
}
