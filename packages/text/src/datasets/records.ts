import { check } from "@relpos/core";
import type { Dataset, Place, Problem, ReadOptions, ReadReport } from "./dataset.js";
import { DataError } from "./errors.js";

/** Either a record, or what is wrong where it should be. */
export type Found<Entry extends Place> = Entry | DataError;

const problemsKept = 100;

/** A dataset from a pass over its file: throws, or skips and counts, what is wrong; errors when there is no record. */
export function recordDataset<Entry extends Place>(
  operation: string,
  name: string,
  pass: (signal?: AbortSignal) => AsyncIterable<Found<Entry>>,
  { onError = "throw", signal }: ReadOptions,
): Dataset<Entry> {
  let state = { records: 0, skipped: 0, problems: [] as Problem[] };
  return {
    name,
    report: (): ReadReport => ({ ...state, problems: [...state.problems] }),
    async *[Symbol.asyncIterator]() {
      const now = { records: 0, skipped: 0, problems: [] as Problem[] };
      state = now;
      for await (const found of pass(signal)) {
        if (!(found instanceof DataError)) {
          now.records++;
          yield found;
          continue;
        }
        if (onError === "throw") throw found;
        now.skipped++;
        if (now.problems.length < problemsKept) now.problems.push(found.problem);
      }
      check(now.records > 0, operation, () => {
        return `${name} must hold at least one record, got ${now.skipped === 0 ? "an empty file" : `${now.skipped} that are wrong`}`;
      });
    },
  };
}

/** The records of a dataset that a function makes of another's, or `undefined` to leave one out silently. */
export function mapDataset<From extends Place, To extends Place>(
  dataset: Dataset<From>,
  name: string,
  make: (record: From, index: number) => To | undefined,
): Dataset<To> {
  return {
    name,
    report: () => dataset.report(),
    async *[Symbol.asyncIterator]() {
      let index = 0;
      for await (const record of dataset) {
        const made = make(record, index++);
        if (made !== undefined) yield made;
      }
    },
  };
}

/** The records of several datasets, one after another. */
export function joinDatasets<Entry extends Place>(name: string, datasets: readonly Dataset<Entry>[]): Dataset<Entry> {
  return {
    name,
    report() {
      const reports = datasets.map((dataset) => dataset.report());
      const sum = (pick: "records" | "skipped"): number => reports.reduce((total, report) => total + report[pick], 0);
      const problems = reports.flatMap((report) => report.problems).slice(0, problemsKept);
      return { records: sum("records"), skipped: sum("skipped"), problems };
    },
    async *[Symbol.asyncIterator]() {
      for (const dataset of datasets) yield* dataset;
    },
  };
}
