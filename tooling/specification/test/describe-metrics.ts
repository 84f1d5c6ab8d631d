import { describe, test } from "vitest";
import { checkMetricCase, type MetricCase } from "../src/metrics/metric-case.js";
import { metricFiles, readMetricCases } from "../src/metrics/registry.js";

/** A test for every case of every file of stored values in a folder. What cannot be read is a test that fails. */
export function describeMetricFolder(folder: string): void {
  for (const name of metricFiles(folder)) {
    describe(name, () => {
      let cases: readonly MetricCase[] = [];
      try {
        cases = readMetricCases(folder, name);
      } catch (error) {
        test("can be read", () => {
          throw error;
        });
      }
      for (const stored of cases) test(stored.name, () => checkMetricCase(stored));
    });
  }
}
