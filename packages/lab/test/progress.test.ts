import { expect, test } from "vitest";
import { type CompareEvent, timeLeft } from "../src/index.js";

const place = { encoding: "rope", seed: 0, run: 1, runs: 4 };
const step = (work: number): CompareEvent => ({ type: "step", ...place, step: 12, steps: 60, loss: 2.345, work });

test("the time left follows the work done since the start, not what was found finished", () => {
  let now = 0;
  const left = timeLeft(() => now);
  const stored = { type: "result", ...place, stored: true, work: 0.5 } as unknown as CompareEvent;
  expect(left(stored)).toBeUndefined();
  now = 1000;
  expect(left(step(0.5))).toBeUndefined();
  now = 3000;
  expect(left(step(0.625))).toBe(6000);
});
