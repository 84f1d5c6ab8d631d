import type { Backend } from "@relpos/core/backend";
import { describe, expect, test, vi } from "vitest";
import { openContext } from "../src/context.js";
import { type KnownFailure, printReport, runConformance, type Subject } from "../src/index.js";
import { runCase } from "../src/run-case.js";
import { faults } from "./broken-backends.js";

const subject = (fault: keyof typeof faults, knownFailures: readonly KnownFailure[] = []): Subject => ({
  name: "tested",
  create: async () => faults[fault]() as Backend,
  knownFailures,
});
const zero = "primitive/log/float32/special values";
const reason = "log of 0 is NaN here";

test("every case passes on a sound backend, and each is reported", async () => {
  const seen: string[] = [];
  const report = await runConformance(subject("none"), {
    filter: "primitive/log",
    onResult: ({ name }) => seen.push(name),
  });
  expect(report.totals).toEqual({ passed: 5, failed: 0, unsupported: 0, knownFailure: 0, unexpectedPass: 0 });
  expect(seen).toEqual(report.results.map(({ name }) => name));
  expect(seen.every((name) => name.includes("primitive/log"))).toBe(true);
});

test("the quick set is a part of the full one", async () => {
  const [quick, full] = [
    await runConformance(subject("none"), { filter: "primitive/log/" }),
    await runConformance(subject("none"), { filter: "primitive/log/", full: true }),
  ];
  expect(full.results.length).toBeGreaterThan(quick.results.length);
  const all = full.results.map(({ name }) => name);
  expect(all).toEqual(expect.arrayContaining(quick.results.map(({ name }) => name)));
});

describe("known failures", () => {
  test("one that fails is not a failure, and keeps its reason", async () => {
    const known = subject("log of 0 is NaN", [{ cases: "primitive/log/*/special values", reason, issue: "#1" }]);
    const report = await runConformance(known, { filter: zero });
    expect(report.results).toMatchObject([{ name: zero, status: "knownFailure", known: { reason, issue: "#1" } }]);
    expect(report.totals).toMatchObject({ failed: 0, knownFailure: 1, unexpectedPass: 0 });
  });

  test("one that passes is an unexpected pass", async () => {
    const report = await runConformance(subject("none", [{ cases: zero, reason }]), { filter: zero });
    expect(report.results).toMatchObject([{ name: zero, status: "unexpectedPass" }]);
    expect(report.totals).toMatchObject({ failed: 0, knownFailure: 0, unexpectedPass: 1 });
  });

  test("one that names no case is an error, before anything runs", async () => {
    const misspelt = { cases: [zero, "primitive/lug/*"], reason };
    await expect(runConformance(subject("none", [misspelt]))).rejects.toThrow(
      '[knownFailures] every entry of tested must name a case, got "primitive/lug/*"',
    );
    await expect(runConformance(subject("none", [{ cases: "primitive/log", reason }]))).rejects.toThrow(
      'got "primitive/log"',
    );
  });
});

test("a case whose element types the backend has not is unsupported", async () => {
  const create = async () => ({
    ...(faults.none() as Backend),
    dtypes: new Set(["float32", "int32", "bool"] as const),
  });
  const report = await runConformance({ name: "tested", create }, { filter: "primitive/log/", full: true });
  const unsupported = report.results.filter(({ status }) => status === "unsupported");
  expect(unsupported.map(({ name }) => name.split("/")[2])).toEqual(["float16", "bfloat16", "float16", "bfloat16"]);
  expect(unsupported[0]?.error).toBe("no dtype float16");
  expect(report.totals.failed).toBe(0);
});

test("a case that spoils the backend does not spoil the next one", async () => {
  let made = 0;
  const create = async (): Promise<Backend> => {
    made++;
    const backend = faults["log of 0 is NaN"]() as Backend;
    return { ...backend, close: () => backend.close() };
  };
  await runConformance({ name: "tested", create }, { filter: "primitive/log/" });
  expect(made).toBe(2);
});

test("an aborted signal stops with its reason", async () => {
  const controller = new AbortController();
  const run = runConformance(subject("none"), {
    signal: controller.signal,
    onResult: () => controller.abort(new Error("enough")),
  });
  await expect(run).rejects.toThrow("enough");
});

test("a case that does not end has failed", async () => {
  const context = await openContext(subject("none"));
  vi.useFakeTimers();
  try {
    const endless = {
      name: "lifecycle/x/y",
      group: "lifecycle",
      quick: true,
      dtypes: [],
      run: () => new Promise<void>(() => {}),
    } as const;
    const result = runCase(endless, context, undefined);
    await vi.advanceTimersByTimeAsync(301_000);
    expect(await result).toMatchObject({ status: "failed", error: "[conformance] a case must end within 300 s" });
  } finally {
    vi.useRealTimers();
  }
  await context.close();
});

test("the report groups known failures by reason, and ends with the totals", async () => {
  const known = [
    { cases: "primitive/log/float32/special values", reason, issue: "https://example.org/1" },
    { cases: "primitive/exp/float32/special values", reason: "exp is fine" },
  ];
  const report = await runConformance(subject("log of 0 is NaN", known), { filter: "float32/special values" });
  const lines = printReport({ ...report, milliseconds: 1234 }).split("\n");
  expect(lines[0]).toBe(`tested: ${report.results.length} cases in 1.2 s`);
  expect(lines).toContain(`known to fail: ${reason} (https://example.org/1): 1 cases: ${zero}`);
  expect(lines).toContain("FAILED primitive/exp/float32/special values");
  expect(lines.at(-1)).toBe(`${report.results.length - 2} passed, 1 failed`);
});

test("the report tells what failed and why", async () => {
  const report = await runConformance(subject("log of 0 is NaN"), { filter: zero });
  expect(printReport(report)).toMatch(
    /FAILED primitive\/log\/float32\/special values\n {4}\[expectClose\] 2 of 10 elements disagree .*\n0 passed, 1 failed$/,
  );
});
