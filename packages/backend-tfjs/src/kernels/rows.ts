import type { KernelTable, PrimitiveName } from "@relpos/core/backend";
import type { TfjsTensor } from "../device/tfjs-tensor.js";

/** The kernels of some primitives. */
export type Rows<N extends Exclude<PrimitiveName, "constant">> = Pick<KernelTable<TfjsTensor>, N>;

/** Rows that every device has of its own kind; the others are the same on all. */
export type DeviceRows = Rows<
  | ("neg" | "abs" | "sign" | "log" | "sin" | "cos" | "logicalNot")
  | ("add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum")
  | ("equal" | "less" | "lessOrEqual" | "logicalAnd" | "logicalOr" | "where" | "cast")
  | ("transpose" | "expand" | "slice" | "pad" | "concat" | "gather" | "gatherElements")
  | ("reduceSum" | "reduceMax" | "argMax" | "cumSum")
>;
