import { expect, test } from "vitest";
import { runCli } from "../src/cli.js";
import { relpos, temporaryFolder } from "./captured.js";
import { makeCheckpoint } from "./checkpoint-folder.js";

const at = temporaryFolder();

/** Runs `relpos serve` while something is done with it, then asks it to end. */
async function serving(args: readonly string[], act: (url: string) => Promise<void>) {
  const [out, error]: [string[], string[]] = [[], []];
  const model = await makeCheckpoint(at("llama"));
  const console = {
    out: (text: string) => out.push(text),
    error: (text: string) => error.push(text),
    interactive: false,
    decorated: false,
    columns: () => 80,
  };
  const common = ["serve", "--model", model, "--backend", "reference", "--port", "0", "--grace", "0"];
  const ended = runCli([...common, ...args], console);
  try {
    while (out.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await act(out.join("").trim());
  } finally {
    process.emit("SIGTERM", "SIGTERM");
  }
  return { code: await ended, error: error.join("") };
}

const ask = (url: string, key: string) =>
  fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: "llama", prompt: "the cat", max_tokens: 4 }),
  });

test("serves a checkpoint until it is asked to end, and writes a line for each request", async () => {
  const { code, error } = await serving(["--api-key", "secret"], async (url) => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await ask(url, "other")).status).toBe(401);
    const answer = (await (await ask(url, "secret")).json()) as { choices: { text: string }[] };
    expect(answer.choices[0]?.text).toHaveLength(4);
  });
  expect(code).toBe(0);
  const [refused, answered] = error.split("\n");
  const when = /^\d{4}-\d\d-\d\dT[\d:.]+Z 127\.0\.0\.1 POST \/v1\/completions /.source;
  expect(refused).toMatch(new RegExp(`${when}401 \\d+\\.\\d\\d s$`));
  expect(answered).toMatch(new RegExp(`${when}200 \\d+\\.\\d\\d s 7 tokens \\(0 known\\) \\+ 4 new$`));
});

test("says when anybody may ask, and takes a key from the environment", async () => {
  const everywhere = ["--host", "0.0.0.0", "--quiet"];
  const local = (url: string) => url.replace("0.0.0.0", "127.0.0.1");
  const open = await serving(everywhere, async (url) => expect((await ask(local(url), "any")).status).toBe(200));
  expect(open.error).toMatch(/^whoever reaches this machine may ask: --api-key asks for a key\n/);
  process.env.RELPOS_API_KEY = "secret";
  try {
    const closed = await serving(everywhere, async (url) => expect((await ask(local(url), "any")).status).toBe(401));
    expect(closed.error).not.toContain("whoever");
  } finally {
    delete process.env.RELPOS_API_KEY;
  }
});

test.each([
  [[], 2, "--model is missing"],
  [["--model", "x", "--port", "-1"], 2, '--port takes a whole number from 0 to 65535, got "-1"'],
  [["--model", "./nowhere", "--port", "0"], 1, "must be a folder that can be read"],
])("%j ends with code %i: %s", async (args, code, message) => {
  const result = await relpos("serve", "--backend", "reference", ...args);
  expect([result.code, result.error]).toEqual([code, expect.stringContaining(message)]);
});
