import * as core from "@relpos/core";
import { type Dim, dimension, type Tensor, type TensorSpec, tensor, trace } from "@relpos/core";
import { prepare } from "@relpos/core/backend";
import { expect, test } from "vitest";
import { claims, lower, type OnnxModel, type Provider, printOnnx } from "../src/index.js";

const [batch, sequence, past] = [dimension("batch"), dimension("sequence"), dimension("past")];
const float = (name: string, ...shape: TensorSpec["shape"]): TensorSpec => ({ name, shape, dtype: "float32" });

/** The model of a function, with the composites that the CPU runs fused. */
function modelOf(
  f: (...inputs: readonly Tensor[]) => Tensor | readonly Tensor[],
  ...specs: readonly TensorSpec[]
): OnnxModel {
  return lower(prepare(trace(f, ...specs), claims("cpu")));
}

test("operations and composites", () => {
  const f = (x: Tensor, weight: Tensor, bias: Tensor) => core.gelu(core.layerNorm(core.linear(x, weight, bias), bias));
  const model = modelOf(f, float("x", 2, 3, 4), float("weight", 5, 4), float("bias", 5));
  expect(printOnnx(model)).toMatchInlineSnapshot(`
    "model(x: float32[2, 3, 4], weight: float32[5, 4], bias: float32[5]) {
      sizes: int64[2] = {-1, 4}
      sizes_1: int64[3] = {2, 3, 5}
      reshape = Reshape(x, sizes)
      gemm = Gemm<transB=1>(reshape, weight, bias)
      reshape_1 = Reshape(gemm, sizes_1)
      layerNormalization = LayerNormalization<axis=-1, epsilon=0.00001>(reshape_1, bias)
      output_0 = Gelu<approximate=none>(layerNormalization)
      return output_0: float32[2, 3, 5]
    }"
  `);
});

test("named sizes come from the inputs' shapes, each once", () => {
  const f = (x: Tensor) => {
    const folded = core.reshape(x, [core.multiplyDims(batch, sequence), 8]);
    const next = core.reshape(core.expand(folded, [2, core.multiplyDims(batch, sequence), 8]), [
      core.multiplyDims(2, batch),
      sequence,
      8,
    ]);
    return [next, core.iota([sequence, 4])];
  };
  expect(printOnnx(modelOf(f, float("x", batch, sequence, 8)))).toMatchInlineSnapshot(`
    "model(x: float32[batch, sequence, 8]) {
      sizes: int64[2] = {-1, 8}
      sizes_1: int64[3] = {2, 1, 1}
      sizes_2: int64[1] = {2}
      sizes_3: int64[1] = {8}
      sizes_4: int64[1] = {0}
      sizes_5: int64[1] = {1}
      sizes_6: int64[2] = {-1, 1}
      sizes_7: int64[2] = {1, 4}
      reshape = Reshape(x, sizes)
      expand = Expand(reshape, sizes_1)
      shape = Shape<start=0, end=1>(x)
      mul = Mul(shape, sizes_2)
      shape_1 = Shape<start=1, end=2>(x)
      concat = Concat<axis=0>(mul, shape_1, sizes_3)
      output_0 = Reshape(expand, concat)
      squeeze = Squeeze(sizes_4)
      squeeze_1 = Squeeze(shape_1)
      squeeze_2 = Squeeze(sizes_5)
      range = Range(squeeze, squeeze_1, squeeze_2)
      cast = Cast<to=6>(range)
      reshape_2 = Reshape(cast, sizes_6)
      output_1 = Expand(reshape_2, sizes_7)
      return output_0: float32[2*batch, sequence, 8], output_1: int32[sequence, 4]
    }"
  `);
});

test("a reshape that keeps named sizes computes none", () => {
  const f = (x: Tensor) => core.transpose(core.reshape(x, [batch, sequence, 2, 4]), [0, 2, 1, 3]);
  expect(printOnnx(modelOf(f, float("x", batch, sequence, 8)))).toMatchInlineSnapshot(`
    "model(x: float32[batch, sequence, 8]) {
      sizes: int64[4] = {0, 0, 2, 4}
      reshape = Reshape(x, sizes)
      output_0 = Transpose<perm=[0, 2, 1, 3]>(reshape)
      return output_0: float32[batch, 2, sequence, 4]
    }"
  `);
});

test("attention with past keys and values", () => {
  const f = (query: Tensor, key: Tensor, value: Tensor, pastKey: Tensor, pastValue: Tensor) => {
    const result = core.attention(query, key, value, { causal: true, past: { key: pastKey, value: pastValue } });
    return [result.output, result.key, result.value];
  };
  const cache = (name: string) => float(name, 1, 2, past, 8);
  const model = modelOf(
    f,
    float("query", 1, 4, sequence, 8),
    float("key", 1, 2, sequence, 8),
    float("value", 1, 2, sequence, 8),
    cache("pastKey"),
    cache("pastValue"),
  );
  expect(printOnnx(model)).toMatchInlineSnapshot(`
    "model(query: float32[1, 4, sequence, 8], key: float32[1, 2, sequence, 8], value: float32[1, 2, sequence, 8], pastKey: float32[1, 2, past, 8], pastValue: float32[1, 2, past, 8]) {
      sizes: int64[1] = {-1}
      sizes_1: int64[1] = {1}
      sizes_2: int64[3] = {0, 0, 32}
      sizes_3: int64[3] = {0, 0, 16}
      sizes_4: int64[4] = {0, 0, 4, 8}
      shape = Shape<start=2, end=3>(pastKey)
      shape_1 = Shape<start=2, end=3>(query)
      add = Add(shape, shape_1)
      add_1 = Add(add, sizes)
      cast = Cast<to=6>(add_1)
      expand = Expand(cast, sizes_1)
      add_2 = Add(shape, shape_1)
      cast_1 = Cast<to=6>(add_2)
      transpose = Transpose<perm=[0, 2, 1, 3]>(query)
      reshape = Reshape(transpose, sizes_2)
      transpose_1 = Transpose<perm=[0, 2, 1, 3]>(key)
      reshape_1 = Reshape(transpose_1, sizes_3)
      transpose_2 = Transpose<perm=[0, 2, 1, 3]>(value)
      reshape_2 = Reshape(transpose_2, sizes_3)
      groupQueryAttention, output_1, output_2 = com.microsoft.GroupQueryAttention<num_heads=4, kv_num_heads=2, scale=0.35355339059327373>(reshape, reshape_1, reshape_2, pastKey, pastValue, expand, cast_1)
      reshape_3 = Reshape(groupQueryAttention, sizes_4)
      output_0 = Transpose<perm=[0, 2, 1, 3]>(reshape_3)
      return output_0: float32[1, 4, sequence, 8], output_1: float32[1, 2, past + sequence, 8], output_2: float32[1, 2, past + sequence, 8]
    }"
  `);
});

test("outputs that are inputs, or the same twice, get nodes of their own", () => {
  const f = (x: Tensor) => {
    const y = core.neg(x);
    return [x, y, y, core.constant(1)];
  };
  expect(printOnnx(modelOf(f, float("x", 2)))).toMatchInlineSnapshot(`
    "model(x: float32[2]) {
      constant: float32[] = {1}
      output_1 = Neg(x)
      output_0 = Identity(x)
      output_2 = Identity(output_1)
      output_3 = Identity(constant)
      return output_0: float32[2], output_1: float32[2], output_2: float32[2], output_3: float32[]
    }"
  `);
});

test("types without a kernel are computed in wider ones", () => {
  const f = (x: Tensor) => core.reduceSum(core.pow(x, x), 0);
  expect(printOnnx(modelOf(f, { name: "x", shape: [3], dtype: "int8" }))).toMatchInlineSnapshot(`
    "model(x: int8[3]) {
      sizes: int64[1] = {0}
      cast = Cast<to=6>(x)
      cast_1 = Cast<to=6>(x)
      pow = Pow(cast, cast_1)
      cast_2 = Cast<to=3>(pow)
      cast_3 = Cast<to=6>(cast_2)
      reduceSum = ReduceSum<keepdims=0>(cast_3, sizes)
      output_0 = Cast<to=3>(reduceSum)
      return output_0: int8[]
    }"
  `);
});

test("a composite that is not claimed must be decomposed first", () => {
  const graph = trace((x: Tensor, labels: Tensor) => core.crossEntropy(x, labels), float("x", 2, 3), {
    shape: [2],
    dtype: "int32",
  });
  expect(() => lower(graph)).toThrow(
    '[lower] a composite that "cpu" does not run must be decomposed first, got crossEntropy',
  );
});

test("a named size that no input has is an error", () => {
  const graph = trace((x: Tensor) => core.iota([batch]).add(x), { shape: [1], dtype: "int32" });
  expect(() => lower(graph)).toThrow('[lower] a named size must be the size of an input, got "batch"');
});

test("equal constants are held once", () => {
  const value = tensor(new Float32Array(100), [100]);
  const model = modelOf((x) => x!.add(core.constant(value)).mul(core.constant(value)).add(2).mul(2), float("x", 100));
  expect(model.initializers.map(({ shape }) => shape)).toEqual([[100], []]);
});

test("on WebGPU many tensors are joined a few at a time, and none is split into many", () => {
  const joined = trace(
    (...parts: readonly Tensor[]) => core.concat(parts, 0),
    ...Array.from({ length: 16 }, (_, i) => float(`x${i}`, 1)),
  );
  const counts = (provider: Provider) => lower(joined, { provider }).nodes.map(({ inputs }) => inputs.length);
  expect(counts("cpu")).toEqual([16]);
  expect(counts("webgpu")).toEqual([7, 7, 2, 3]);

  const operations = (provider: Provider, parts: number) => {
    const ones = Array.from({ length: parts }, () => 1);
    const graph = trace((x) => core.split(x, ones, 0), float("x", parts));
    return new Set(prepare(graph, claims(provider)).nodes.map(({ op }) => op));
  };
  expect(operations("cpu", 8)).toEqual(new Set(["split"]));
  expect(operations("webgpu", 7)).toEqual(new Set(["split"]));
  expect(operations("webgpu", 8)).toEqual(new Set(["slice"]));
});

test("attention of any number of tokens to a past that is not full has a branch for one, and one for many", () => {
  const heads = (name: string, count: number, length: Dim) => float(name, 1, count, length, 8);
  const model = modelOf(
    (q, k, v, key, value, length) =>
      core.attention(q!, k!, v!, { causal: true, past: { key: key!, value: value!, length: length! } }).output,
    heads("q", 4, sequence),
    heads("k", 2, sequence),
    heads("v", 2, sequence),
    heads("key", 2, past),
    heads("value", 2, past),
    { name: "length", shape: [1], dtype: "int32" },
  );
  const branches = model.nodes.flatMap(({ attributes }) =>
    Object.entries(attributes).flatMap(([name, { type, value }]) =>
      type === "graph" ? [[name, value.nodes.map(({ operation }) => operation)] as const] : [],
    ),
  );
  expect(branches.map(([name]) => name)).toEqual(["then_branch", "else_branch"]);
  expect(branches.map(([, operations]) => operations.includes("GroupQueryAttention"))).toEqual([false, true]);
  expect(printOnnx(model)).toMatch(/If<then_branch=\{ .*; return \w+: float32\[1, 4, 1, 8\] \}, else_branch=\{ .* \}>/);
});
