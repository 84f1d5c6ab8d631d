// npm run clean: removes builds and caches, so that no file of an earlier build stays behind.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib.mjs";

const folders = ["packages", "apps", "tooling", "examples"].flatMap((group) =>
  readdirSync(join(root, group)).map((name) => join(root, group, name)),
);
for (const folder of [root, ...folders]) {
  for (const name of ["dist", ".turbo"]) rmSync(join(folder, name), { recursive: true, force: true });
}
