import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeProject, type Project } from "../src/project.js";
import { publishedPackages } from "../src/workspace.js";

const libraries = publishedPackages.map(({ manifest }) => manifest).filter(({ exports }) => exports?.["."]);

let project: Project;
beforeAll(async () => {
  const names = libraries.map(({ name }) => name);
  project = await makeProject(names, ["import.js", "consumer.ts"]);
}, 180_000);
afterAll(() => project?.remove());

test("installed together, there is one of each", () => {
  const own = project.installed.filter((name) => name.startsWith("@relpos/"));
  expect(own).toEqual(libraries.map(({ name }) => name).sort());
});

// The adapter needs vitest, which a project brings itself.
const needPeers = ["@relpos/conformance/vitest"];
const entries = libraries
  .flatMap(({ name, exports = {} }) => Object.keys(exports).map((path) => `${name}${path.slice(1)}`))
  .filter((entry) => !entry.endsWith("/package.json") && !needPeers.includes(entry));

test.each(entries)("%s is imported by Node", async (entry) => {
  expect(JSON.parse(await project.run("import.js", entry))).not.toEqual([]);
});

/** How programs find modules: as Node does, and as bundlers do. */
const resolutions = [
  { module: "nodenext", moduleResolution: "nodenext" },
  { module: "esnext", moduleResolution: "bundler" },
];

/** What a compiler finds wrong with a program and with our declarations. Faults of other declarations are not ours. */
async function complaints(tsc: string): Promise<readonly string[]> {
  try {
    return [await project.run(tsc)].filter((printed) => printed !== "");
  } catch (error) {
    const lines = String(error)
      .split("\n")
      .filter((line) => line.includes("error TS"));
    if (lines.length === 0) throw error;
    return lines.filter((line) => /^(consumer\.ts|node_modules\/@relpos\/|error )/.test(line));
  }
}

/** The three latest major versions of TypeScript, by the names that they are installed under. */
describe.each(["typescript", "typescript-6", "typescript-5"])("%s", (compiler) => {
  const tsc = join(dirname(createRequire(import.meta.url).resolve(`${compiler}/package.json`)), "bin/tsc");

  // With no types but the language's own and what is installed along.
  test.each(resolutions)("accepts a program that uses every library, $moduleResolution", async (resolution) => {
    const rules = { strict: true, skipLibCheck: false, skipDefaultLibCheck: true, types: [], noEmit: true };
    const config = { compilerOptions: { target: "es2022", ...resolution, ...rules }, files: ["consumer.ts"] };
    await writeFile(join(project.folder, "tsconfig.json"), JSON.stringify(config));
    expect(await complaints(tsc)).toEqual([]);
  });
});
