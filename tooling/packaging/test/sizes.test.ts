import { afterAll, beforeAll, expect, test } from "vitest";
import { gzippedSize } from "../src/gzipped-size.js";
import { makeProject, type Project } from "../src/project.js";
import { publishedPackages } from "../src/workspace.js";

let project: Project;
beforeAll(async () => {
  project = await makeProject(["@relpos/core", "@relpos/catalogue"]);
}, 180_000);
afterAll(() => project?.remove());

const entries = Object.keys(
  publishedPackages.find(({ manifest }) => manifest.name === "@relpos/core")?.manifest.exports ?? {},
)
  .filter((path) => path !== "./package.json")
  .map((path) => `@relpos/core${path.slice(1)}`);

/** Everything that entries export. */
const all = (names: readonly string[]) => names.map((name, i) => `export * as entry${i} from "${name}";`).join("\n");

// Minified and gzipped, in thousands of bytes.
test.each([
  { what: "rotary embeddings alone", module: `export { rope } from "@relpos/core/encodings";`, ceiling: 15 },
  { what: "all of core", module: all(entries), ceiling: 60 },
  { what: "all of core and the catalogue", module: all([...entries, "@relpos/catalogue"]), ceiling: 68 },
])("$what: at most $ceiling kB", async ({ what, module, ceiling }) => {
  const size = (await gzippedSize(project.folder, module)) / 1000;
  console.log(`${what}: ${size.toFixed(1)} kB of ${ceiling}`);
  expect(size).toBeLessThanOrEqual(ceiling);
});
