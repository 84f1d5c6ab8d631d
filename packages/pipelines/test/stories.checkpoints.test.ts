import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { createReferenceBackend } from "@relpos/backend-reference";
import { readLlama2cTokenizer } from "@relpos/checkpoints";
import type { Backend } from "@relpos/core/backend";
import { expect, test } from "vitest";
import { llama2cTextTokenizer, openTextGenerator } from "../src/index.js";

// llama2.c's stories260K, beside the folder RELPOS_CHECKPOINTS: the text that run.c writes in 200 steps at temperature 0.
const folder = join(resolve(process.env.RELPOS_CHECKPOINTS ?? "checkpoints"), "../data/models/stories260K");

const backends: Readonly<Record<string, () => Promise<Backend>>> = {
  reference: async () => createReferenceBackend() as Backend,
  "ort-node": async () => (await createOrtNodeBackend({ device: "cpu", threads: 1 })) as Backend,
};

test.runIf(existsSync(folder)).each(Object.entries(backends))(
  "%s: the greedy text of run.c, byte for byte, as it is streamed",
  async (_, create) => {
    const backend = await create();
    const tokenizer = llama2cTextTokenizer(readLlama2cTokenizer(readFileSync(join(folder, "tok512.bin"))));
    const made = await openTextGenerator(join(folder, "stories260K.bin"), { backend, tokenizer });
    let text = "";
    for await (const piece of made.stream("", { maxNewTokens: 200 })) text += piece;
    expect(text).toBe(readFileSync(join(folder, "expected_greedy_200_steps.txt"), "utf8"));
    await made.dispose();
    await backend.close();
  },
  600_000,
);
