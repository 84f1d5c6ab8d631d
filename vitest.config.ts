import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { findChromium } from "./tooling/browser/src/find-chromium.js";
import { findVulkanDriver } from "./tooling/browser/src/find-vulkan-driver.js";

// One project per workspace package, named like the package. Tests read sources, not builds: the condition "source" in
// each package.json points to src/.
//
// Suites that read a folder of data from outside the repository are named by their file (x.goldens.test.ts,
// x.onnx-node.test.ts, x.checkpoints.test.ts, x.metrics.test.ts) and stay out of the plain run; RELPOS_SUITE chooses one of them.
const suites = ["goldens", "onnx-node", "checkpoints", "metrics"];
const suite = process.env.RELPOS_SUITE;
const files = suite ? `.${suite}.test.ts` : ".test.ts";

// A test that needs something that not every machine has is named by it (x.chromium.test.ts, x.webgpu.test.ts), and is
// left out, with one line that says so, where that is missing.
const driver = findVulkanDriver();
const needs = [
  { name: "chromium", found: findChromium(), remedy: "install Chromium, or set CHROMIUM_PATH" },
  { name: "webgpu", found: driver, remedy: "install Chromium for its SwiftShader, or set VK_ICD_FILENAMES" },
];
const missing = needs.filter(({ found }) => found === undefined);
for (const { name, remedy } of missing) console.log(`Tests named *.${name}.test.ts are left out: ${remedy}.`);
const leftOut = [...missing, ...(suite ? [] : suites.map((name) => ({ name })))];

const conditions = ["source", ...defaultServerConditions];
const root = import.meta.dirname;

const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [`{src,test}/**/*${files}`],
    exclude: ["**/node_modules/**", "**/dist/**", ...leftOut.map(({ name }) => `**/*.${name}.test.ts`)],
    env: driver === undefined ? {} : { VK_ICD_FILENAMES: driver },
    environment: "node",
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
};

// Arithmetic alone: these run first, a file for each processor core. What starts programs, pages and devices, or looks at
// the clock, runs after them, file by file.
const arithmetic = [
  "@relpos/backend-reference",
  "@relpos/conformance",
  "@relpos/core",
  "@relpos/example-backend-plain",
  "@relpos/specification",
  "@relpos/text",
];
const order = (name: string) =>
  arithmetic.includes(name)
    ? { maxWorkers: availableParallelism(), sequence: { groupOrder: 0 } }
    : { maxWorkers: 1, sequence: { groupOrder: 1 } };

const projects = ["packages", "apps", "tooling", "examples"]
  .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
  .filter((folder) => existsSync(join(folder, "package.json")))
  .map((folder) => {
    const { name, devDependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      readonly name: string;
      readonly devDependencies?: Readonly<Record<string, string>>;
    };
    const setupFiles = "fast-check" in devDependencies ? [join(root, "vitest.seed.ts")] : [];
    return { ...shared, root: folder, test: { ...shared.test, ...order(name), name, setupFiles } };
  });

export default defineConfig({ test: { passWithNoTests: true, projects } });
