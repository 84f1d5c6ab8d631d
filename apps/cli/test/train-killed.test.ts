import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "./captured.js";

// The built program, killed at moments that nobody chose: what it leaves must lead to the weights of an unbroken run, byte
// for byte. RELPOS_KILLS sets how many times (20 is the full test).

const program = new URL("../dist/main.js", import.meta.url).pathname;
const root = new URL("../../..", import.meta.url).pathname;
const kills = Number(process.env.RELPOS_KILLS ?? 3);
const at = temporaryFolder();

const flags = (
  "train lm --layers 1 --width 16 --heads 2 --length 16 --batch 4 --steps 400 --dropout 0.1 --evaluate-every 40 --threads 1 " +
  "--save-every 0.02 --learning-rate 0.01"
).split(" ");

/** Runs the program; kills it so many milliseconds after it has first written its state. True when it ended by itself. */
function start(folder: string, killAfter?: number): Promise<boolean> {
  const more = existsSync(`${folder}/settings.json`) ? ["--resume"] : [];
  const args = [program, ...flags, "--data", at("text.txt"), "--out", folder, ...more];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
  let error = "";
  let started: number | undefined;
  child.stderr.on("data", (text) => {
    error += String(text);
    if (killAfter !== undefined && started === undefined && error.includes("parameters,")) {
      started = performance.now();
      setTimeout(() => child.kill("SIGKILL"), killAfter);
    }
  });
  return new Promise((resolve, reject) => {
    child.on("close", (code, signal) => {
      if (signal === "SIGKILL") resolve(false);
      else if (code === 0) resolve(true);
      else reject(new Error(error));
    });
  });
}

beforeAll(() =>
  writeFile(at("text.txt"), "the cat sat on the mat. a dog ran to the cat. it sat there all day. ".repeat(40)),
);

test(`killed ${kills} times at random moments, training ends with the weights of an unbroken run`, async () => {
  const begun = performance.now();
  expect(await start(at("unbroken"))).toBe(true);
  const whole = performance.now() - begun;
  let [done, killed] = [false, 0];
  while (killed < kills && !done) {
    done = await start(at("broken"), (Math.random() * whole) / (kills + 1));
    if (!done) killed++;
  }
  // Each kill costs at most what was done since the last state; if all of it was done early, it is begun anew.
  expect(killed).toBeGreaterThan(0);
  if (!done) expect(await start(at("broken"))).toBe(true);
  const read = (run: string, name: string): Promise<Buffer> => readFile(at(run, name));
  for (const name of ["model.safetensors", "config.json", "tokenizer.json"]) {
    expect((await read("broken", name)).equals(await read("unbroken", name)), name).toBe(true);
  }
  const left = (await readdir(at("broken"))).filter((name) => /\.(state|tmp)$/.test(name));
  expect(left).toEqual([]);
}, 600_000);
