import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { relpos, temporaryFolder } from "./captured.js";
import { makeCheckpoint } from "./checkpoint-folder.js";

const at = temporaryFolder();
let model = "";
beforeAll(async () => {
  model = await makeCheckpoint(at("llama"));
});

const exportTo = (out: string, ...args: readonly string[]) =>
  relpos("export", "--model", model, "--out", at(out), ...args);
const configIn = (out: string) => JSON.parse(readFileSync(at(out, "config.json"), "utf8"));

describe("relpos export", () => {
  test("onnx: models in several types, and what transformers.js asks for", async () => {
    const { code, out } = await exportTo("onnx", "--dtype", "fp32,q8");
    expect(code).toBe(0);
    expect(readdirSync(at("onnx/onnx")).sort()).toEqual([
      "model.onnx",
      "model.onnx_data",
      "model_quantized.onnx",
      "model_quantized.onnx_data",
    ]);
    expect(readdirSync(at("onnx"))).toEqual(
      expect.arrayContaining(["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"]),
    );
    expect(out).toMatch(/model\.onnx_data {2}\d+\.\d+ MB\n/);
  });

  test("--task: hidden states in place of scores", async () => {
    expect((await exportTo("features", "--task", "features")).code).toBe(0);
    const names = readFileSync(at("features/onnx/model.onnx"), "latin1");
    expect(names).toContain("last_hidden_state");
    expect(names).not.toContain("past_key_values");
  });

  test("safetensors: in another type, with another rotary embedding", async () => {
    const { code } = await exportTo("safe", "--format", "safetensors", "--dtype", "fp16", "--rope", "yarn:4");
    expect(code).toBe(0);
    expect(configIn("safe")).toMatchObject({ dtype: "float16", rope_parameters: { rope_type: "yarn", factor: 4 } });
    const { out } = await relpos("info", "--model", at("safe"));
    expect(out).toContain("F16");
  });

  test.each([
    [["--dtype", "bf16"], 2, '--dtype takes fp32, fp16, q8, q4 for onnx, got "bf16"'],
    [["--format", "safetensors", "--dtype", "q4"], 2, '--dtype takes fp32, fp16, bf16 for safetensors, got "q4"'],
    [["--format", "safetensors", "--dtype", "fp16,bf16"], 2, "--dtype takes one type for safetensors"],
    [["--format", "gguf"], 2, '--format takes onnx, safetensors, got "gguf"'],
    [["--format", "safetensors", "--rope", "rerope:8"], 1, "a configuration has no place for rerope"],
  ])("%j ends with code %i: %s", async (args, code, message) => {
    const result = await exportTo("refused", ...args);
    expect([result.code, result.error]).toEqual([code, expect.stringContaining(message)]);
  });

  test("a folder with files in it is left alone", async () => {
    await mkdir(at("full"));
    await writeFile(at("full/notes.txt"), "mine");
    const { code, error } = await exportTo("full");
    expect([code, error]).toEqual([2, expect.stringContaining("is not empty")]);
    expect(readdirSync(at("full"))).toEqual(["notes.txt"]);
  });
});
