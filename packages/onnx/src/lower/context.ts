import type { DType, PrimitiveAttributes, PrimitiveName, TensorType } from "@relpos/core";
import type { Builder } from "./builder.js";
import type { Sizes } from "./sizes.js";

/** ONNX Runtime's execution providers that a graph can be lowered for. */
export type Provider = "cpu" | "webgpu" | "cuda";

/** How exactly products with weights in blocks are computed: 0 in float32, 4 with both sides in 8 bits. */
export type AccuracyLevel = 0 | 4;

/** A shader of WebGPU reads and writes so many tensors at once on every GPU, the ones that it writes included. */
export const tensorsOfShader = 8;

/** What a row of a lowering table works with. */
export interface LoweringContext extends Builder, Sizes {
  readonly provider: Provider;
  readonly accuracyLevel: AccuracyLevel;
}

/** One application of a primitive: names of its inputs, their types, and the type to produce. */
export interface PrimitiveCall<N extends PrimitiveName> {
  readonly inputs: readonly string[];
  readonly types: readonly TensorType[];
  readonly attributes: PrimitiveAttributes[N];
  readonly output: TensorType;
}

/** Emits nodes that compute a primitive; returns the name of the result. */
export type PrimitiveRow<N extends PrimitiveName> = (context: LoweringContext, call: PrimitiveCall<N>) => string;

/** The wider type in which a narrow one is computed, where ONNX Runtime lacks a kernel for it. */
export type Widening = Readonly<Partial<Record<DType, DType>>>;
