import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { check } from "@relpos/core";
import { classificationCases } from "./classification.js";
import type { MetricCase, MetricReader } from "./metric-case.js";
import { questionAnsweringCases } from "./question-answering.js";
import { translationCases } from "./translation.js";

/** Readers of stored values by the file's name without `.json`. */
const readers: Readonly<Record<string, MetricReader<never>>> = {
  classification: classificationCases,
  "question-answering": questionAnsweringCases,
  translation: translationCases,
};

/** Files that the tests of a package read, by that package. */
const claimed: Readonly<Record<string, string>> = {
  "byte-level-bpe": "packages/text",
  wordpiece: "packages/text",
};

const root = resolve(import.meta.dirname, "../../../..");

/** Names of the files of stored values in a folder that are read here. Errors for a file that nobody claims. */
export function metricFiles(folder: string): readonly string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names
    .map((name) => name.replace(/\.json$/, ""))
    .filter((name) => !isClaimed(name))
    .sort();
}

/** The cases of a file. Errors when no checker knows it. */
export function readMetricCases(folder: string, name: string): readonly MetricCase[] {
  const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
  check(reader, "metrics", () => `every file must have a checker, got ${name}.json without`);
  const cases = reader(JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as never);
  check(cases.length > 0, "metrics", () => `${name}.json must have cases, got none`);
  return cases;
}

/** Whether a package has a test of this suite that names the file. */
function isClaimed(name: string): boolean {
  const folder = Object.hasOwn(claimed, name) ? join(root, claimed[name]!) : undefined;
  if (!folder || !existsSync(folder)) return false;
  const tests = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".metrics.test.ts"),
  );
  return tests.some(
    (file) => !file.includes("node_modules") && readFileSync(join(folder, file), "utf8").includes(name),
  );
}
