import type { DType, HostTensor } from "@relpos/core";

/** Element types in a model: those of relpos, and the 64-bit integers that ONNX wants for sizes and axes. */
export type OnnxType = DType | "int64";

/** An attribute of a node, tagged by its ONNX type. */
export type OnnxAttribute =
  | { readonly type: "int"; readonly value: number }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "ints"; readonly value: readonly number[] }
  | { readonly type: "graph"; readonly value: OnnxBranch };

/** A branch of an If: nodes that may read every value of the graph around them. */
export interface OnnxBranch {
  readonly nodes: readonly OnnxNode[];
  readonly outputs: readonly OnnxValue[];
}

/** One operation. Values are names; an input that is optional and absent, and an output that nobody needs, are "". */
export interface OnnxNode {
  readonly operation: string;
  /** "" for the standard operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** An input or output of the model; a size with a name is written as text. Without a shape, any will do. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape?: readonly (number | string)[];
  /** What it is, for people. Default: nothing. */
  readonly description?: string;
}

/** A value that the model holds, elements in row-major order and little-endian. */
export interface OnnxInitializer {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  readonly data: HostTensor["data"] | BigInt64Array;
}

/** A value that lies in a file beside the model, from a byte on. */
export interface OnnxExternalValue {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  readonly path: string;
  readonly offset: number;
}

/** An ONNX model as plain data: what `printOnnx` prints and `encodeOnnx` turns into bytes. */
export interface OnnxModel {
  readonly opset: number;
  /** What it is, for people. Default: nothing. */
  readonly description?: string;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers: readonly OnnxInitializer[];
  /** Default: none. */
  readonly external?: readonly OnnxExternalValue[];
  readonly nodes: readonly OnnxNode[];
}

export const int = (value: number): OnnxAttribute => ({ type: "int", value });
export const float = (value: number): OnnxAttribute => ({ type: "float", value });
export const text = (value: string): OnnxAttribute => ({ type: "string", value });
export const ints = (value: readonly number[]): OnnxAttribute => ({ type: "ints", value });
export const branch = (value: OnnxBranch): OnnxAttribute => ({ type: "graph", value });
export const flag = (value: boolean): OnnxAttribute => int(value ? 1 : 0);
