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

/** How a run ended, and how many milliseconds it trained. */
interface Ended {
  readonly killed: boolean;
  readonly milliseconds: number;
}

/** Runs the program; kills it so many milliseconds after training has begun. */
function start(folder: string, killAfter?: number): Promise<Ended> {
  const more = existsSync(`${folder}/settings.json`) ? ["--resume"] : [];
  const args = [program, ...flags, "--data", at("text.txt"), "--out", folder, ...more];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
  let error = "";
  let started: number | undefined;
  child.stderr.on("data", (text) => {
    error += String(text);
    if (started !== undefined || !error.includes("parameters,")) return;
    started = performance.now();
    if (killAfter !== undefined) setTimeout(() => child.kill("SIGKILL"), killAfter);
  });
  return new Promise((resolve, reject) => {
    child.on("close", (code, signal) => {
      const milliseconds = performance.now() - (started ?? performance.now());
      if (signal === "SIGKILL" || code === 0) resolve({ killed: signal === "SIGKILL", milliseconds });
      else reject(new Error(error));
    });
  });
}

beforeAll(() =>
  writeFile(at("text.txt"), "the cat sat on the mat. a dog ran to the cat. it sat there all day. ".repeat(40)),
);

test(`killed ${kills} times at random moments, training ends with the weights of an unbroken run`, async () => {
  const unbroken = await start(at("unbroken"));
  expect(unbroken.killed).toBe(false);
  for (let kill = 0; kill < kills; kill++) {
    // Together less than an unbroken run takes, so that none ends before it is killed.
    const { killed } = await start(at("broken"), (Math.random() * unbroken.milliseconds) / (kills + 1));
    expect(killed).toBe(true);
  }
  expect(await start(at("broken"))).toMatchObject({ killed: false });
  const read = (run: string, name: string): Promise<Buffer> => readFile(at(run, name));
  for (const name of ["model.safetensors", "config.json", "tokenizer.json"]) {
    expect((await read("broken", name)).equals(await read("unbroken", name)), name).toBe(true);
  }
  const left = (await readdir(at("broken"))).filter((name) => /\.(state|tmp)$/.test(name));
  expect(left).toEqual([]);
}, 600_000);
