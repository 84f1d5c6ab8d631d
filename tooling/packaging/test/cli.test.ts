import { afterAll, beforeAll, expect, test } from "vitest";
import { execute } from "../src/execute.js";
import { makeProject, type Project } from "../src/project.js";

let project: Project;
beforeAll(async () => {
  project = await makeProject(["relpos"]);
}, 180_000);
afterAll(() => project?.remove());

const relpos = (...args: readonly string[]) => execute(project.folder, "npx", ["--no-install", "relpos", ...args]);

test("`npx relpos --version` prints the version", async () => {
  expect(await relpos("--version")).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("`npx relpos compare` compares two encodings on the default backend and writes its files", async () => {
  const model = "--layers 1 --width 16 --heads 2 --train-length 8 --test-lengths 8,16".split(" ");
  const printed = await relpos("compare", "--encodings", "none,rope", ...model, "--steps", "2", "--out", "out");
  expect(printed).toMatch(/^rope +\d/m);
  const results = JSON.parse(
    await execute(project.folder, "node", ["-p", "fs.readFileSync('out/results.json', 'utf8')"]),
  );
  expect(results.runs.map(({ encoding }: { encoding: string }) => encoding)).toEqual(["none", "rope"]);
});
