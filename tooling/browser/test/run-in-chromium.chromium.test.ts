import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { runInChromium } from "../src/index.js";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.ts`);
const scratch = mkdtempSync(join(tmpdir(), "relpos-test-"));
vi.stubEnv("TMPDIR", scratch);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true });
});

test.each([true, false])(
  "a module with a worker and workspace packages runs in a page, isolated: %s",
  async (isolated) => {
    const messages: unknown[] = [];
    const onMessage = (message: unknown) => messages.push(message);
    const result = await runInChromium({ module: fixture("square"), argument: [2, 3], isolated, onMessage });
    expect(result).toEqual({ squares: [4, 9], isolated, workspace: [0, 1, 2] });
    expect(messages).toEqual([2, 3]);
  },
);

test("there is WebGPU where it is asked for", async () => {
  expect(await runInChromium({ module: fixture("adapter"), webgpu: true })).toBe("google");
});

test.each([
  ["throws", "thrown by main"],
  ["rejects", "a rejection that nobody handles"],
  ["logs", "an error in the console"],
  ["worker", "thrown in a worker"],
])("what goes wrong in the page rejects: %s", async (argument, message) => {
  await expect(runInChromium({ module: fixture("faulty"), argument })).rejects.toThrow(message);
});

test("an aborted run rejects with the reason", async () => {
  const run = runInChromium({ module: fixture("faulty"), argument: "waits", signal: AbortSignal.timeout(2000) });
  await expect(run).rejects.toThrow("timeout");
});

test("a module that cannot be built rejects", async () => {
  await expect(runInChromium({ module: fixture("missing") })).rejects.toThrow("missing");
});

test("no run leaves files behind", () => {
  expect(readdirSync(scratch)).toEqual([]);
});
