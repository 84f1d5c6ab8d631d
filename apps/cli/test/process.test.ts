import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { expectClose } from "@relpos/conformance";
import { type HostTensor, tensor } from "@relpos/core";
import type { CompareResults } from "@relpos/lab";
import { beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "./captured.js";

// The built program as a process of its own: what only a real process has are signals and exit codes.

const program = new URL("../dist/main.js", import.meta.url).pathname;
const root = new URL("../../..", import.meta.url).pathname;
const at = temporaryFolder();

// Long enough that a signal finds the program at work, on a machine that is busy with other tests too.
const flags = (
  "--encodings learned,rope,none --train-length 8 --test-lengths 8,16 --layers 1 --width 8 --heads 2 --steps 250 --batch 2 " +
  "--evaluation-tokens 32 --threads 1"
).split(" ");

/** Runs the program; `interruptWhen` sends a signal once, as soon as the state of a run or a run has been written. */
function start(
  args: readonly string[],
  interrupt?: { readonly folder: string; readonly signal: "SIGINT" | "SIGKILL" },
) {
  const child = spawn(process.execPath, [program, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let error = "";
  let watch: NodeJS.Timeout | undefined;
  child.stderr.on("data", (text) => {
    error += String(text);
  });
  child.stdout.resume();
  if (interrupt) {
    watch = setInterval(() => {
      if (!existsSync(`${interrupt.folder}/runs/learned-seed0.json`)) return;
      clearInterval(watch);
      child.kill(interrupt.signal);
    }, 5);
  }
  return new Promise<{ code: number | null; error: string }>((resolve) => {
    child.on("close", (code) => {
      clearInterval(watch);
      resolve({ code, error });
    });
  });
}

async function numbersOf(folder: string): Promise<unknown> {
  const results = JSON.parse(await readFile(`${folder}/results.json`, "utf8")) as CompareResults;
  const runs = results.runs.map((run) => ({ ...run, timings: undefined }));
  return { ...results, runs, createdAt: undefined, environment: undefined };
}

describe.each(["reference", "ort-node"])("interrupted on %s", (backend) => {
  const common = () => ["compare", ...flags, "--backend", backend, "--text", at("cats.txt")];

  beforeAll(async () => {
    await writeFile(at("cats.txt"), "the cat sat on the mat. a dog ran to the cat. ".repeat(60));
    expect(await start([...common(), "--out", at(`${backend}-unbroken`)])).toMatchObject({ code: 0 });
  });

  test.each([
    ["SIGINT", 130],
    ["SIGKILL", null],
  ] as const)("by %s, keeps finished runs and is resumed to the same numbers", async (signal, expected) => {
    const folder = at(`${backend}-${signal}`);
    const { code, error } = await start([...common(), "--out", folder], { folder, signal });
    expect(code).toBe(expected);
    if (signal === "SIGINT") {
      expect(error).toContain("stopped; finished runs are kept. Go on with:\n  relpos compare");
      expect(error).toContain("--resume\n");
    }
    expect(existsSync(`${folder}/results.json`)).toBe(false);
    expect(await start([...common(), "--out", folder, "--resume"])).toMatchObject({ code: 0 });
    expect(await numbersOf(folder)).toEqual(await numbersOf(at(`${backend}-unbroken`)));
    expect((await readdir(`${folder}/runs`)).filter((name) => name.endsWith(".state"))).toEqual([]);
  });
});

test("backends are interchangeable, those that nobody here knows too: the same losses for 20 steps", async () => {
  await writeFile(at("cats.txt"), "the cat sat on the mat. a dog ran to the cat. ".repeat(60));
  const losses = async (backend: string): Promise<HostTensor> => {
    const out = at("equal", backend);
    const sizes = ["--steps", "20", "--encodings", "none,sinusoidal,learned,rope,alibi,t5", "--backend", backend];
    expect(await start(["compare", ...flags, ...sizes, "--text", at("cats.txt"), "--out", out])).toMatchObject({
      code: 0,
    });
    const { runs } = JSON.parse(await readFile(`${out}/results.json`, "utf8")) as CompareResults;
    const numbers = runs.flatMap((run) => (run.status === "finished" ? run.losses.map(({ loss }) => loss) : []));
    return tensor(numbers, [6, 20]);
  };
  const reference = await losses("reference");
  expectClose(await losses("ort-node"), reference, "training");
  expectClose(await losses("./examples/backend-plain"), reference, "training");
});
