import type { Checkpoint } from "@relpos/checkpoints";
import type { FileTensor } from "@relpos/core/backend";
import { scaledRopeFrequencies } from "@relpos/core/encodings";
import type { OnnxAttribute, OnnxExternalValue, OnnxInitializer, OnnxModel, OnnxNode } from "@relpos/onnx";
import type { LlamaSizes } from "./random-llama.js";

type Attributes = OnnxNode["attributes"];

const int = (value: number): OnnxAttribute => ({ type: "int", value });
const float = (value: number): OnnxAttribute => ({ type: "float", value });

/**
 * A Llama as ONNX Runtime's own model builder writes it, one graph for prompts and tokens: grouped attention that turns queries and
 * keys and writes into the cache that it is given, skips fused into norms, the likeliest token in the graph.
 *
 * Inputs `tokens` int32 [1, S], `last` int32 [1] (the index of the last key), `total` int32 (keys), and caches `key.<n>`, `value.<n>`
 * [1, Hkv, C, D]; outputs `token` and `present.key.<n>`, `present.value.<n>`.
 */
export async function bareModel(checkpoint: Checkpoint, sizes: LlamaSizes): Promise<OnnxModel> {
  const { width, layers, heads, kvHeads, feedForward, vocabulary, context } = sizes;
  const headSize = width / heads;
  const places = new Map<string, FileTensor>();
  for await (const [name, place] of checkpoint.places()) if (!("data" in place)) places.set(name, place);
  const nodes: OnnxNode[] = [];
  const initializers: OnnxInitializer[] = [];
  const used = new Map<string, OnnxExternalValue>();

  const weight = (name: string): string => {
    const { shape, dtype, path, offset } = places.get(name) as FileTensor;
    used.set(name, { name, type: dtype, shape, path: path.split("/").at(-1) as string, offset });
    return name;
  };
  const constant = (name: string, data: OnnxInitializer["data"], shape: readonly number[]): string => {
    const type = data instanceof Float32Array ? "float32" : data instanceof BigInt64Array ? "int64" : "uint8";
    if (!initializers.some((known) => known.name === name)) initializers.push({ name, type, shape, data });
    return name;
  };
  const node = (
    operation: string,
    inputs: readonly string[],
    outputs: string | readonly string[],
    attributes: Attributes = {},
  ) => {
    const names = typeof outputs === "string" ? [outputs] : outputs;
    nodes.push({
      operation,
      domain: contributed.has(operation) ? "com.microsoft" : "",
      inputs,
      outputs: names,
      attributes,
    });
    return names[0] as string;
  };
  /** Bits of a weight in blocks; none of one in float32. */
  const bitsOf = (name: string, columns: number): 4 | 8 | undefined => {
    const { shape, dtype } = places.get(name) as FileTensor;
    return dtype === "uint8" ? ((((shape[1] as number) * (shape[2] as number) * 8) / columns) as 4 | 8) : undefined;
  };
  const product = (x: string, name: string, [N, K]: readonly [number, number], output: string): string => {
    const bits = bitsOf(name, K);
    if (!bits) return node("FusedMatMul", [x, weight(name)], output, { transB: int(1) });
    const settings = { K: int(K), N: int(N), bits: int(bits), block_size: int(32), accuracy_level: int(4) };
    return node("MatMulNBits", [x, weight(name), weight(`${name}.scales`)], output, settings);
  };
  const embedding = (tokens: string): string => {
    const name = "embedding.weight";
    const bits = bitsOf(name, width);
    const rows = node("Gather", [weight(name), tokens], "rows");
    if (!bits) return rows;
    const blocks = width / 32;
    const bytes = bits === 8 ? rows : halves(rows, blocks);
    const centred = node(
      "Sub",
      [node("Cast", [bytes], "levels", { to: int(1) }), constant("centre", Float32Array.of(2 ** (bits - 1)), [])],
      "centred",
    );
    const scales = node("Gather", [weight(`${name}.scales`), tokens], "rowScales");
    const column = node("Unsqueeze", [scales, constant("last axis", BigInt64Array.of(-1n), [1])], "columnScales");
    return node(
      "Reshape",
      [node("Mul", [centred, column], "scaled"), constant("flat", BigInt64Array.of(0n, 0n, -1n), [3])],
      "embedded",
    );
  };
  const halves = (rows: string, blocks: number): string => {
    const low = node("BitwiseAnd", [rows, constant("low bits", Uint8Array.of(15), [])], "low");
    const high = node("BitShift", [rows, constant("four", Uint8Array.of(4), [])], "high", {
      direction: { type: "string", value: "RIGHT" },
    });
    const axis = constant("last axis", BigInt64Array.of(-1n), [1]);
    const pair = [node("Unsqueeze", [low, axis], "low.pair"), node("Unsqueeze", [high, axis], "high.pair")];
    const shape = constant("blocks", BigInt64Array.of(0n, 0n, BigInt(blocks), 32n), [4]);
    return node("Reshape", [node("Concat", pair, "pairs", { axis: int(-1) }), shape], "nibbles");
  };

  const { frequencies } = scaledRopeFrequencies(headSize, {}, 0);
  const table = (f: (angle: number) => number): Float32Array =>
    Float32Array.from({ length: (context * headSize) / 2 }, (_, index) => {
      return f(Math.floor(index / frequencies.length) * (frequencies[index % frequencies.length] as number));
    });
  const cos = constant("cos", table(Math.cos), [context, headSize / 2]);
  const sin = constant("sin", table(Math.sin), [context, headSize / 2]);

  const epsilon = float(1e-5);
  let stream = embedding("tokens");
  let normed = node("SimplifiedLayerNormalization", [stream, weight("layers.0.attentionNorm.scale")], "normed", {
    epsilon,
    axis: int(-1),
  });
  for (let layer = 0; layer < layers; layer++) {
    const own = (name: string): string => `layers.${layer}.${name}`;
    const skip = (made: string, scale: string, output: string): string => {
      const names = [output, "", "", `${output}.stream`];
      const result = node("SkipSimplifiedLayerNormalization", [stream, made, weight(scale)], names, { epsilon });
      stream = `${output}.stream`;
      return result;
    };
    const kv = kvHeads * headSize;
    const query = product(normed, own("attention.query.weight"), [width, width], own("query"));
    const key = product(normed, own("attention.key.weight"), [kv, width], own("key"));
    const value = product(normed, own("attention.value.weight"), [kv, width], own("value"));
    const inputs = [query, key, value, `key.${layer}`, `value.${layer}`, "last", "total", cos, sin];
    const outputs = [own("attended"), `present.key.${layer}`, `present.value.${layer}`];
    const attended = node("GroupQueryAttention", inputs, outputs, {
      num_heads: int(heads),
      kv_num_heads: int(kvHeads),
      do_rotary: int(1),
    });
    const output = product(attended, own("attention.output.weight"), [width, width], own("output"));
    normed = skip(output, own("feedForwardNorm.scale"), own("normed"));
    const gate = product(normed, own("feedForward.gate.weight"), [feedForward, width], own("gate"));
    const up = product(normed, own("feedForward.up.weight"), [feedForward, width], own("up"));
    const inner = node("Mul", [node("QuickGelu", [gate], own("silu"), { alpha: float(1) }), up], own("inner"));
    const down = product(inner, own("feedForward.down.weight"), [width, feedForward], own("down"));
    normed = skip(down, layer + 1 < layers ? `layers.${layer + 1}.attentionNorm.scale` : "norm.scale", own("next"));
  }
  const end = constant("end", BigInt64Array.of(2n ** 31n), [1]);
  const last = node(
    "Slice",
    [normed, constant("minus one", BigInt64Array.of(-1n), [1]), end, constant("one", BigInt64Array.of(1n), [1])],
    "lastRow",
  );
  const scores = product(last, "head.weight", [vocabulary, width], "scores");
  node("ArgMax", [scores], "token", { axis: int(-1), keepdims: int(0) });

  const cache = Array.from({ length: layers }, (_, layer) => [`key.${layer}`, `value.${layer}`]).flat();
  const cacheShape = [1, kvHeads, "capacity", headSize];
  return {
    opset: 23,
    inputs: [
      { name: "tokens", type: "int32", shape: [1, "sequence"] },
      { name: "last", type: "int32", shape: [1] },
      { name: "total", type: "int32", shape: [] },
      ...cache.map((name) => ({ name, type: "float32" as const, shape: cacheShape })),
    ],
    outputs: [
      { name: "token", type: "int64", shape: [1, 1] },
      ...cache.map((name) => ({ name: `present.${name}`, type: "float32" as const, shape: cacheShape })),
    ],
    initializers,
    external: [...used.values()],
    nodes,
  };
}

/** Operations that are ONNX Runtime's own. */
const contributed = new Set([
  "FusedMatMul",
  "MatMulNBits",
  "GroupQueryAttention",
  "SkipSimplifiedLayerNormalization",
  "QuickGelu",
]);
