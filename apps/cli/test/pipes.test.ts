import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { expect, test } from "vitest";

// The built program beside programs that stop reading, as `head` does.

const program = new URL("../dist/main.js", import.meta.url).pathname;

test.each([
  ["stdout", ["encodings", "--json"]],
  ["stderr", ["encodings", "nothing-of-this-name"]],
] as const)("a reader of %s that has seen enough ends the program without a word", async (closed, args) => {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  child[closed].destroy();
  let said = "";
  const other = closed === "stdout" ? child.stderr : child.stdout;
  other.on("data", (data) => {
    said += String(data);
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect([code, said]).toEqual([0, ""]);
});

test.runIf(existsSync("/dev/full"))("a disk that is full is told in one line", async () => {
  const full = await open("/dev/full", "w");
  const { status, stderr } = spawnSync(process.execPath, [program, "encodings"], {
    stdio: ["ignore", full.fd, "pipe"],
  });
  await full.close();
  expect([status, String(stderr)]).toEqual([
    1,
    "error: cannot write the output: the disk is full — send it elsewhere\n",
  ]);
});
