import type { DType } from "@relpos/core";
import { encodeOnnx } from "../model/encode.js";
import type { CopyModels } from "./device-memory.js";

/** Types of which ONNX Runtime for JavaScript can leave a tensor on a GPU. */
const deviceTypes: readonly DType[] = ["float32", "float16", "int32", "uint8", "bool"];

/** Models that copy a tensor of any shape, for a device that has a memory of its own. */
export function copyModels(): CopyModels {
  return Object.fromEntries(deviceTypes.map((type) => [type, copyModel(type)]));
}

function copyModel(type: DType): Uint8Array {
  return encodeOnnx({
    opset: 23,
    inputs: [{ name: "x", type }],
    outputs: [{ name: "y", type }],
    initializers: [],
    nodes: [{ operation: "Identity", domain: "", inputs: ["x"], outputs: ["y"], attributes: {} }],
  }).model;
}
