import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromBinary } from "@bufbuild/protobuf";
import { openCheckpoint } from "@relpos/checkpoints";
import { type ModelProto, ModelProtoSchema } from "onnx-buf";
import { afterAll, describe, expect, test } from "vitest";
import { exportOnnx } from "../src/index.js";
import { caseNames, checkExported } from "./cases.js";
import { configOf } from "./onnx-model.js";

// Two of the cases that *.checkpoints.test.ts reads in full: a decoder in bfloat16 and an encoder.
const fixtures = fileURLToPath(new URL("../../checkpoints/test/fixtures/", import.meta.url));
const out = mkdtempSync(join(tmpdir(), "relpos-export-"));
afterAll(() => rmSync(out, { recursive: true, force: true }));

async function exported(name: string, ...options: Parameters<typeof exportOnnx>[2][]) {
  const folder = join(out, `${name}-${options.length}`);
  const checkpoint = await openCheckpoint(join(fixtures, name));
  const names = await exportOnnx(folder, checkpoint, ...options);
  await checkpoint.close();
  return { folder, names };
}

const modelIn = (folder: string, name = "model"): ModelProto =>
  fromBinary(ModelProtoSchema, readFileSync(join(folder, "onnx", `${name}.onnx`)));

test.each(caseNames(fixtures))("%s: what transformers computed, by onnxruntime-node alone", async (name) => {
  const { folder } = await exported(name);
  await checkExported(folder, join(fixtures, name));
});

describe("an exported decoder", () => {
  test("is a folder as transformers.js looks for it", async () => {
    const { folder, names } = await exported("llama_rope_bf16", { dtypes: ["fp32", "q4"] });
    expect(names.filter((name) => name.startsWith("onnx/"))).toEqual([
      "onnx/model.onnx_data",
      "onnx/model.onnx",
      "onnx/model_q4.onnx_data",
      "onnx/model_q4.onnx",
    ]);
    expect(configOf(folder)).toMatchObject({
      model_type: "llama",
      "transformers.js_config": { dtype: "fp32", use_external_data_format: { "model.onnx": 1, "model_q4.onnx": 1 } },
    });
    expect(names).toContain("generation_config.json");
  });

  test("keeps to the standard's operators, and says what it is", async () => {
    const { folder } = await exported("llama_rope_bf16");
    const model = modelIn(folder);
    expect(model.producerName).toBe("relpos");
    expect(model.docString).toBe("llama, causal-lm; inputs and outputs as Hugging Face names them");
    expect(model.opsetImport.map(({ domain, version }) => `${domain} ${version}`)).toEqual([" 23"]);
    const { node = [], input = [], initializer = [] } = model.graph ?? {};
    expect(new Set(node.map(({ domain }) => domain))).toEqual(new Set([""]));
    expect(node.map(({ opType }) => opType)).toEqual(expect.arrayContaining(["Attention", "RotaryEmbedding", "Gemm"]));
    expect(input[0]?.docString).toBe("Ids of tokens.");
    const sizes = input.slice(0, 3).map(({ type }) => {
      const { value } = type!.value as { value: { elemType: number; shape: { dim: { value: { value: unknown } }[] } } };
      return [value.elemType, ...value.shape.dim.map(({ value: size }) => size.value)];
    });
    expect(sizes).toEqual([
      [7, "batch_size", "sequence_length"],
      [7, "batch_size", "total_sequence_length"],
      [7, "batch_size", "sequence_length"],
    ]);
    const outside = initializer.filter(({ externalData }) => externalData.length > 0);
    expect(outside.length).toBeGreaterThan(10);
    for (const { externalData } of outside) {
      const { location, offset } = Object.fromEntries(externalData.map(({ key, value }) => [key, value]));
      expect([location, Number(offset) % 64]).toEqual(["model.onnx_data", 0]);
    }
  });

  test("in 4 bits has blocks and the one operator for them", async () => {
    const { folder } = await exported("llama_rope_bf16", { dtypes: ["q4"] });
    const { graph, opsetImport } = modelIn(folder, "model_q4");
    expect(opsetImport.map(({ domain }) => domain)).toEqual(["", "com.microsoft"]);
    expect(new Set(graph?.node.filter(({ domain }) => domain !== "").map(({ opType }) => opType))).toEqual(
      new Set(["MatMulNBits"]),
    );
    expect(configOf(folder)["transformers.js_config"]).toMatchObject({ dtype: "q4" });
  });

  test("with another rotary embedding computes with it", async () => {
    const checkpoint = await openCheckpoint(join(fixtures, "llama_rope_bf16"), { rope: { type: "linear", factor: 2 } });
    const folder = join(out, "linear");
    await exportOnnx(folder, checkpoint);
    await checkpoint.close();
    await expect(checkExported(folder, join(fixtures, "llama_rope_bf16"))).rejects.toThrow("relative error of logits");
    expect(configOf(folder).rope_parameters).toMatchObject({ rope_type: "linear", factor: 2 });
  });
});

test("an abort leaves no file half written", async () => {
  const checkpoint = await openCheckpoint(join(fixtures, "esm"));
  const folder = join(out, "aborted");
  await expect(exportOnnx(folder, checkpoint, { signal: AbortSignal.abort() })).rejects.toThrow("abort");
  await checkpoint.close();
  expect(() => modelIn(folder)).toThrow("ENOENT");
});
