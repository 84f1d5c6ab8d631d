import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
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

/** Files that the suite of another package checks: packages/text/test/trainers.metrics.test.ts. */
const elsewhere: ReadonlySet<string> = new Set(["byte-level-bpe", "wordpiece"]);

/** Names of the files of stored values in a folder that are read here, of files that nobody knows too. */
export function metricFiles(folder: string): readonly string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names
    .map((name) => name.replace(/\.json$/, ""))
    .filter((name) => !elsewhere.has(name))
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
