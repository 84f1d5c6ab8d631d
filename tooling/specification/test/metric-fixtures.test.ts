import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkMetricCase } from "../src/metrics/metric-case.js";
import { readMetricCases } from "../src/metrics/registry.js";
import { describeMetricFolder } from "./describe-metrics.js";

// A few cases of metrics.metrics.test.ts, so that the ordinary run compares metrics with their references.
const folder = join(import.meta.dirname, "fixtures/metrics");
describeMetricFolder(folder);

describe("a check", () => {
  const numbers = { name: "sum", expected: { sum: 3, of: [1, 2] } };

  test("fails where a number is another, or a value is missing", () => {
    checkMetricCase({ ...numbers, actual: () => ({ sum: 3, of: [1, 2] }) });
    expect(() => checkMetricCase({ ...numbers, actual: () => ({ sum: 3, of: [1, 2.001] }) })).toThrow("sum.of.1");
    expect(() => checkMetricCase({ ...numbers, actual: () => ({ sum: 3 }) })).toThrow("sum must have of,sum, got sum");
    expect(() => checkMetricCase({ ...numbers, actual: () => ({ sum: "3", of: [1, 2] }) })).toThrow(
      "sum.sum must be 3",
    );
  });

  test("fails for a file that nobody knows", () => {
    expect(() => readMetricCases(folder, "unknown")).toThrow(
      "every file must have a checker, got unknown.json without",
    );
  });
});
