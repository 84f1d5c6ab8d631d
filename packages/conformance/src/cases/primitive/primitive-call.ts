import type { Dim, DType, HostTensor, Tensor } from "@relpos/core";
import type { ToleranceClass } from "../../tolerance.js";

/** A call of a primitive, tried with several element types. */
export interface PrimitiveCall {
  /** Shapes and attributes, as the case's name ends. */
  readonly details: string;
  /** Element types to try it with. */
  readonly dtypes: readonly DType[];
  /** Element types that it needs besides. Default: none. */
  readonly others?: readonly DType[];
  readonly tolerance: ToleranceClass;
  /** Element types with which the call is in the quick set. Default: none. */
  readonly quick?: readonly DType[];
  /** Longest sum inside. Default 1. */
  readonly length?: number;
  /** Whether results are operands of the sums inside, so that their size counts. Default `false`. */
  readonly running?: boolean;
  inputs(dtype: DType): readonly HostTensor[];
  /** Shapes of the inputs where sizes are named. Default: those of the values. */
  readonly shapes?: readonly (readonly Dim[])[];
  f(inputs: readonly Tensor[], dtype: DType): Tensor;
}

export const reals: readonly DType[] = ["float32", "float16", "bfloat16"];
export const wholes: readonly DType[] = ["int32", "int8", "uint8"];
export const numbers: readonly DType[] = [...reals, ...wholes];
export const everything: readonly DType[] = [...numbers, "bool"];
