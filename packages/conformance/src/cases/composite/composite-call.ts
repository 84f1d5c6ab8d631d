import type { CompositeNode, Dim, DType, HostTensor, Tensor } from "@relpos/core";
import type { ToleranceClass } from "../../tolerance.js";

/** A call of a composite, with some of its optional inputs, attributes and outputs. */
export interface CompositeCall {
  /** Shapes and attributes, as the case's name ends. */
  readonly details: string;
  /** Element types of its real inputs to try it with. */
  readonly dtypes: readonly DType[];
  /** Element types that it needs besides. Default: none. */
  readonly others?: readonly DType[];
  /** Whether it is in the quick set, with the first of its types. */
  readonly quick: boolean;
  /** Longest sum inside. */
  readonly length: number;
  /** Largest product of two operands of a sum inside. */
  readonly magnitude: number;
  /** How closely a backend that claims it must agree. Default "composite". */
  readonly tolerance?: ToleranceClass;
  inputs(dtype: DType): readonly HostTensor[];
  /** Shapes of the inputs where sizes are named. Default: those of the values. */
  readonly shapes?: readonly (readonly Dim[])[];
  /** The outputs that are asked for. */
  f(inputs: readonly Tensor[]): readonly Tensor[];
}

export const single: readonly DType[] = ["float32"];
export const halfToo: readonly DType[] = ["float32", "float16"];

/** Every output of the composite that makes a tensor. */
export const allOutputs = (x: Tensor): readonly Tensor[] => (x.node as CompositeNode).outputs;

/** Every combination of one value from each list. */
export function product<const Lists extends readonly (readonly unknown[])[]>(
  ...lists: Lists
): readonly { readonly [K in keyof Lists]: Lists[K][number] }[] {
  return lists.reduce<readonly (readonly unknown[])[]>(
    (rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])),
    [[]],
  ) as never;
}
