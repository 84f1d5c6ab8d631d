import { join, resolve } from "node:path";
import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import type { HostTensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadModel, openCheckpoint, parseRope } from "../src/index.js";
import { caseNames, float32Tolerance, readExpected, relativeError } from "./cases.js";

// Every checkpoint of RELPOS_CHECKPOINTS with every scaling: other frequencies give other finite outputs, other distances give
// the outputs of the plain model on a text that is shorter than their windows, and what cannot be is refused by name.
const folder = resolve(process.env.RELPOS_CHECKPOINTS ?? "checkpoints");

const scalings = ["linear:4", "dynamic:4", "yarn:4", "llama3:8", "longrope:4", "auto:1024"];
const remaps = ["self-extend", "dual-chunk", "rerope"];
const byLength = /dynamic|longrope/;

let backend: Backend;
beforeAll(async () => {
  backend = (await createOrtNodeBackend({ device: "cpu", threads: 1 })) as Backend;
});
afterAll(() => backend.close());

describe.each(caseNames(folder))("%s", (name) => {
  test("every scaling", async () => {
    const path = join(folder, name);
    const plain = await openCheckpoint(path);
    await plain.close();
    const kinds = (plain.model.encodings ?? []).map(({ kind }) => kind);
    const expected = await readExpected(path);
    const output = (["logits", "last_hidden_state"] as const).find((key) => expected[key]);

    const run = async (text: string): Promise<HostTensor> => {
      const checkpoint = await openCheckpoint(path, { rope: parseRope(text) });
      const model = await loadModel(checkpoint.model, await checkpoint.load(), backend);
      const { input_ids, attention_mask } = expected;
      const { outputs } = await model.run({ input_ids, attention_mask });
      await model.close();
      await checkpoint.close();
      return outputs[output as string] as HostTensor;
    };

    if (!kinds.some((kind) => /rope/.test(kind))) {
      for (const text of ["yarn:4", "dual-chunk"]) await expect(run(text)).rejects.toThrow(/\[(rope|config)\]/);
      return;
    }
    const isMultimodal = kinds.includes("mrope");
    for (const text of scalings) {
      if (isMultimodal && byLength.test(text)) {
        await expect(run(text), text).rejects.toThrow("must not depend on the length");
        continue;
      }
      if (text.startsWith("auto") && kinds.includes("rope-longrope")) {
        await expect(run(text), text).rejects.toThrow("auto knows no way for a model with longrope");
        continue;
      }
      const { data, shape } = await run(text);
      expect(shape, text).toEqual(expected[output as string]?.shape);
      expect(
        data.every((value) => Number.isFinite(Number(value))),
        text,
      ).toBe(true);
    }
    for (const text of remaps) {
      if (!plain.model.cache) await expect(run(text), text).rejects.toThrow("are for decoders");
      else if (isMultimodal) await expect(run(text), text).rejects.toThrow(`no place for ${text}`);
      else if (kinds.some((kind) => byLength.test(kind))) {
        await expect(run(text), text).rejects.toThrow(/same at every length|must be/);
      } else {
        const error = relativeError(await run(text), expected[output as string] as HostTensor);
        expect(error, text).toBeLessThanOrEqual(float32Tolerance);
      }
    }
  });
});
