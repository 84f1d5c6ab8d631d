import { type CompareEvent, describeComparison } from "@relpos/lab";
import { describe, expect, test } from "vitest";
import { showProgress } from "../src/progress.js";
import { bar } from "../src/status-line.js";

const place = { encoding: "rope", seed: 0, run: 1, runs: 4 };

const step = (work: number): CompareEvent => ({ type: "step", ...place, step: 12, steps: 60, loss: 2.345, work });

describe("progress", () => {
  test("the bar fits the terminal", () => {
    expect(bar(0.5, "status", 80)).toBe(`${"━".repeat(10)}${"─".repeat(10)}  50 % status`);
    for (const columns of [10, 30, 80, 200])
      expect([...bar(1, "x".repeat(300), columns)].length).toBeLessThan(columns + 1);
  });

  test("where nothing can be redrawn, a line comes now and then", () => {
    const lines: string[] = [];
    let now = 0;
    const console = {
      out: () => {},
      error: (text: string) => lines.push(text),
      decorated: false,
      interactive: false,
      columns: () => 80,
    };
    const { listener } = showProgress(console, describeComparison, () => now);
    for (now = 0; now <= 60_000; now += 100) listener(step(now / 60_000));
    expect(lines).toHaveLength(4);
    expect(lines[1]).toBe(" 50 % rope, seed 0 (1/4): step 12/60, loss 2.35, 30.0 s left\n");
    expect(lines.join("")).not.toContain("\u001b");
  });

  test("in a terminal the line is redrawn", () => {
    const lines: string[] = [];
    const console = {
      out: () => {},
      error: (text: string) => lines.push(text),
      decorated: true,
      interactive: true,
      columns: () => 80,
    };
    const { listener, stop } = showProgress(console, describeComparison, () => 0);
    listener(step(0.25));
    stop();
    expect(lines[0]?.startsWith(`\r\u001b[2K${"━".repeat(5)}${"─".repeat(15)}  25 % rope`)).toBe(true);
    expect(lines.at(-1)).toBe("\r\u001b[2K");
  });
});
