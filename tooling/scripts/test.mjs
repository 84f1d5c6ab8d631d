// npm test [-- FILTER…]: installs, builds, runs every package's tests and prints the sum as the last line.
// node test.mjs SUITE runs instead the files named *.SUITE.test.ts, which read a folder of data.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build, fail, install, node, root } from "./lib.mjs";

/** Suites over data that is not in the repository: the variable that names the folder, and where it is looked for. */
const suites = {
  goldens: { variable: "RELPOS_GOLDENS", folder: "../shared/goldens" },
  "onnx-node": { variable: "RELPOS_ONNX_NODE_TESTS", folder: "../shared/onnx-node-tests" },
  checkpoints: { variable: "RELPOS_CHECKPOINTS", folder: "../shared/checkpoints" },
  metrics: { variable: "RELPOS_METRICS", folder: "../shared/metrics" },
};

const args = process.argv.slice(2);
const suite = suites[args[0]] ? args.shift() : undefined;
const env = {};
if (suite) {
  const { variable, folder } = suites[suite];
  const path = process.env[variable] ? resolve(process.env[variable]) : resolve(root, folder);
  if (!existsSync(path)) fail(`there is no folder ${path}`, `Set ${variable} to the folder of the ${suite} data.`);
  Object.assign(env, { RELPOS_SUITE: suite, [variable]: path });
}

install();
build();

const scratch = mkdtempSync(join(tmpdir(), "relpos-test-"));
const report = join(scratch, "report.json");
const options = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const code = node("node_modules/vitest/vitest.mjs", [...options, ...args], { env });
const result = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined;
rmSync(scratch, { recursive: true, force: true });
if (!result) fail("vitest wrote no report", "Its messages are above.");

const passed = result.numPassedTests;
const skipped = result.numPendingTests + result.numTodoTests;
// A file that does not load has no tests to count: count the file.
const broken = result.testResults.filter(
  (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
);
const failed = Math.max(result.numFailedTests + broken.length, code !== 0 ? 1 : 0);
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed || !passed ? 1 : 0;
