import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

// One project per workspace package, named like the package. Tests read sources, not builds: the condition "source" in
// each package.json points to src/.
//
// Suites that read a folder of data from outside the repository are named by their file (x.goldens.test.ts,
// x.onnx-node.test.ts, x.checkpoints.test.ts) and stay out of the plain run; RELPOS_SUITE chooses one of them.
const suites = ["goldens", "onnx-node", "checkpoints"];
const suite = process.env.RELPOS_SUITE;
const files = suite ? `.${suite}.test.ts` : ".test.ts";
const conditions = ["source", ...defaultServerConditions];
const root = import.meta.dirname;

const projects = ["packages", "apps", "tooling", "examples"]
  .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
  .filter((folder) => existsSync(join(folder, "package.json")))
  .map((folder) => ({
    extends: true as const,
    root: folder,
    test: { name: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).name as string },
  }));

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [`{src,test}/**/*${files}`],
    exclude: ["**/node_modules/**", "**/dist/**", ...(suite ? [] : suites.map((name) => `**/*.${name}.test.ts`))],
    environment: "node",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: true,
    projects,
  },
});
