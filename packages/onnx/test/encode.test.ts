import { fromBinary } from "@bufbuild/protobuf";
import * as core from "@relpos/core";
import { dimension, type Tensor, tensor, trace } from "@relpos/core";
import { prepare } from "@relpos/core/backend";
import { ModelProtoSchema, TensorProto_DataLocation } from "onnx-buf";
import { expect, test } from "vitest";
import { claims, encodeOnnx, lower, onnxFiles, standardClaims, withInt64Inputs } from "../src/index.js";

const table = tensor(
  Float32Array.from({ length: 600 }, (_, i) => i),
  [100, 6],
);
const other = tensor(
  Float32Array.from({ length: 300 }, (_, i) => -i),
  [50, 6],
);

/** Looks up rows of two tables that are large enough to be external, and adds a small constant. */
const model = lower(
  trace(
    (ids: Tensor) => [
      core.gather(core.constant(table), ids).add(core.constant(tensor([1, 2, 3, 4, 5, 6], [6]))),
      core.gather(core.constant(other), ids),
    ],
    { name: "ids", shape: [dimension("length")], dtype: "int32" },
  ),
);

test("inputs and outputs keep names, types and named sizes", () => {
  const { graph, opsetImport } = fromBinary(ModelProtoSchema, encodeOnnx(model).model);
  expect(opsetImport.map(({ domain, version }) => `${domain} ${version}`)).toEqual([" 23"]);
  const [input] = graph?.input ?? [];
  expect(input?.name).toBe("ids");
  const { value } = input!.type!.value as { value: { elemType: number; shape: { dim: { value: unknown }[] } } };
  expect([value.elemType, value.shape.dim[0]?.value]).toEqual([6, { case: "dimParam", value: "length" }]);
  expect(graph?.output.map(({ name }) => name)).toEqual(["output_0", "output_1"]);
});

test("large constants lie outside the model, small ones inside", () => {
  const { model: bytes, externalData } = encodeOnnx(model);
  expect(bytes.length).toBeLessThan(1000);
  expect([...externalData].map(([path, data]) => [path, data.length])).toEqual([
    ["constant", 2400],
    ["constant_2", 1200],
  ]);
  const { graph } = fromBinary(ModelProtoSchema, bytes);
  expect(graph?.initializer.map(({ dataLocation }) => dataLocation === TensorProto_DataLocation.EXTERNAL)).toEqual([
    true,
    false,
    true,
  ]);
});

test("in memory the data is the constant's own; exported it is one aligned file", () => {
  expect(encodeOnnx(model).externalData.get("constant")?.buffer).toBe(table.data.buffer);
  const files = onnxFiles(model, "lookup.onnx");
  expect([...files.keys()]).toEqual(["lookup.onnx", "lookup.onnx.data"]);
  const { graph } = fromBinary(ModelProtoSchema, files.get("lookup.onnx")!);
  const entries = graph?.initializer.filter(({ externalData }) => externalData.length > 0) ?? [];
  expect(entries.map(({ externalData }) => externalData.map(({ value }) => value))).toEqual([
    ["lookup.onnx.data", "0", "2400"],
    ["lookup.onnx.data", "2432", "1200"],
  ]);
  const data = files.get("lookup.onnx.data")!;
  expect(new Float32Array(data.buffer, 2432, 3)).toEqual(Float32Array.of(-0, -1, -2));
});

test("in a file that begins with other values, constants stand behind them", () => {
  const { model: bytes, externalData } = encodeOnnx(model, { dataFile: "lookup.data", dataStart: 128 });
  expect(externalData.get("lookup.data")?.length).toBe(2432 + 1200);
  const { graph } = fromBinary(ModelProtoSchema, bytes);
  const offsets = graph?.initializer.flatMap(({ externalData: entries }) =>
    entries.filter(({ key }) => key === "offset"),
  );
  expect(offsets?.map(({ value }) => value)).toEqual(["128", String(128 + 2432)]);
});

test("the extensions are declared where they are used", () => {
  const f = (x: Tensor, weight: Tensor) => core.scaledMatMul(x, weight, { scale: 2 });
  const shape = (name: string) => ({ name, shape: [4, 4], dtype: "float32" }) as const;
  const domainsOf = (claimed: typeof standardClaims) => {
    const lowered = lower(prepare(trace(f, shape("x"), shape("weight")), claimed), { outputs: ["product"] });
    expect(lowered.outputs.map(({ name }) => name)).toEqual(["product"]);
    return fromBinary(ModelProtoSchema, encodeOnnx(lowered).model).opsetImport.map(({ domain }) => domain);
  };
  expect(domainsOf(claims("cpu"))).toEqual(["", "com.microsoft"]);
  expect(domainsOf(standardClaims)).toEqual([""]);
});

test("ids may come as 64-bit integers", () => {
  const wide = withInt64Inputs({ ...model, description: "a table" }, new Set(["ids"]));
  const { graph, docString } = fromBinary(ModelProtoSchema, encodeOnnx(wide).model);
  expect(docString).toBe("a table");
  const { value } = graph!.input[0]!.type!.value as { value: { elemType: number } };
  expect(value.elemType).toBe(7);
  expect(graph?.node.map(({ opType, input }) => `${opType} ${input.join(" ")}`)).toEqual([
    "Cast ids",
    "Gather constant ids_int32",
    "Add gather constant_1",
    "Gather constant_2 ids_int32",
  ]);
});
