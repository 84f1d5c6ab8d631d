import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ContenderModule, Rounds } from "./contender.js";

const program = fileURLToPath(new URL("./in-process.js", import.meta.url));

/**
 * Measures contenders beside each other: each lives in a process of its own, and they take turns, round by round. The
 * first round warms them up.
 */
export async function interleave<Round, Sample>(
  contenders: Readonly<Record<string, ContenderModule>>,
  rounds: readonly Round[],
): Promise<Readonly<Record<string, Rounds<Sample>>>> {
  const running: { name: string; child: ChildProcess; loadMs: number; samples: Sample[] }[] = [];
  try {
    for (const [name, { module, settings }] of Object.entries(contenders)) {
      const child = fork(program, [JSON.stringify({ module: module.href, settings })], {
        execArgv: ["--expose-gc"],
        stdio: ["ignore", 2, 2, "ipc"],
      });
      running.push({ name, child, loadMs: await answer<number>(name, child), samples: [] });
    }
    for (const [index, round] of rounds.entries()) {
      for (const { name, child, samples } of running) {
        child.send(round as object);
        const sample = await answer<Sample>(name, child);
        if (index > 0) samples.push(sample);
      }
    }
    const measured: [string, Rounds<Sample>][] = [];
    for (const { name, child, loadMs, samples } of running) {
      child.send(null as unknown as object);
      measured.push([name, { loadMs, samples, peakMemoryBytes: await answer<number>(name, child) }]);
    }
    return Object.fromEntries(measured);
  } catch (error) {
    for (const { child } of running) child.kill();
    throw error;
  }
}

/** The next message of a process. Rejects when it ends instead. */
async function answer<T>(name: string, child: ChildProcess): Promise<T> {
  const listening = new AbortController();
  const { signal } = listening;
  const ended = once(child, "exit", { signal }).then(([code, reason]) => {
    throw new Error(`${name} ended with ${code ?? reason}`);
  });
  try {
    const [message] = await Promise.race([once(child, "message", { signal }), ended]);
    return message as T;
  } finally {
    ended.catch(() => {});
    listening.abort();
  }
}
