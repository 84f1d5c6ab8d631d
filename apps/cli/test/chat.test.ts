import { createReferenceBackend } from "@relpos/backend-reference";
import type { Backend } from "@relpos/core/backend";
import { openTextGenerator } from "@relpos/pipelines";
import { expect, test } from "vitest";
import { converse } from "../src/commands/chat.js";
import { temporaryFolder } from "./captured.js";
import { makeCheckpoint } from "./checkpoint-folder.js";

const at = temporaryFolder();

/** What a conversation writes. */
async function talk(
  name: string,
  others: Readonly<Record<string, unknown>>,
  lines: readonly string[],
  system?: string,
) {
  const backend = createReferenceBackend() as Backend;
  const generator = await openTextGenerator(await makeCheckpoint(at(name), others), { backend });
  const [out, error]: [string[], string[]] = [[], []];
  const console = {
    out: (text: string) => out.push(text),
    error: (text: string) => error.push(text),
    interactive: false,
    decorated: false,
    columns: () => 80,
  };
  async function* given() {
    yield* lines;
  }
  try {
    await converse(generator, given(), { backend: "reference", maxNewTokens: 3, ...(system && { system }) }, console);
    return { out: out.join(""), error: error.join(""), generator };
  } finally {
    await generator.dispose();
    await backend.close();
  }
}

const template = "{% for message in messages %}{{ message.content }}.{% endfor %}";

test("a conversation by the model's template: each answer follows all that was said", async () => {
  const config = { "tokenizer_config.json": { chat_template: template } };
  const { out, error } = await talk("chat", config, ["the cat", "", "the dog", "/exit", "never"], "sat");
  expect(error).toBe("");
  const [first, second, ...rest] = out.split("\n");
  expect(rest).toEqual([""]);
  const backend = createReferenceBackend() as Backend;
  const generator = await openTextGenerator(await makeCheckpoint(at("plain")), { backend });
  const answer = async (prompt: string) => (await generator.generate(prompt, { maxNewTokens: 3 })).text;
  expect(first).toBe(await answer("sat.the cat."));
  expect(second).toBe(await answer(`sat.the cat.${first}.the dog.`));
  await generator.dispose();
  await backend.close();
});

test("/reset begins anew", async () => {
  const config = { "tokenizer_config.json": { chat_template: template } };
  const { out } = await talk("reset", config, ["the cat", "/reset", "the cat"]);
  const [first, second] = out.split("\n");
  expect(second).toBe(first);
});

test("without a template it goes on from what was said; what cannot be answered is left out", async () => {
  const { out, error } = await talk("none", {}, ["QQQ", "the cat"]);
  expect(error).toMatch(
    /^the model has no chat template.*\nerror: \[encode\] text must use .* — \/reset begins anew\n$/,
  );
  const { out: alone } = await talk("alone", {}, ["the cat"]);
  expect(out).toBe(alone);
});
