import { type Dim, isFloat } from "@relpos/core";
import type { CompositeCall } from "@relpos/core/backend";
import { flag, float, int } from "../model/model.js";
import type { LoweringContext } from "./context.js";
import { fewRows } from "./few-rows.js";
import { attributesOf, type Claim, everywhere, type Fusion, type FusionCall, ofType, typeOf } from "./fusion.js";
import { leadingSum } from "./leading-sum.js";

interface ScaledMatMulAttributes {
  readonly [key: string]: boolean | number;
  readonly transposeLeft: boolean;
  readonly transposeRight: boolean;
  readonly scale: number;
}

/** As many rows as a product over them takes at its best speed on CPU. */
const rowsOfChunk = 1024;

const summing: Claim = (call) => ofType("float32", "float16")(call) && innerSize(call) !== 0;

/** Gemm takes matrices, no batches of them. */
const ofMatrices: Claim = (call) => summing(call) && call.inputs.every((input) => input?.shape.length === 2);

/**
 * FusedMatMul, or MatMul where there is nothing to fuse. FusedMatMul gives no zeros for sums over nothing, and WebGPU has
 * none; what Gemm does not take is decomposed there.
 */
export const scaledMatMul: Fusion = {
  supports: { cpu: summing, webgpu: ofMatrices, cuda: summing },
  lower: (context, call) => {
    const own = attributesOf<ScaledMatMulAttributes>(call);
    const { transposeLeft, transposeRight, scale } = own;
    const short = fewRows(context, call, own);
    if (short) return [short];
    if (!transposeLeft && !transposeRight && scale === 1) return [context.node("MatMul", call.values)];
    const attributes = { transA: flag(transposeLeft), transB: flag(transposeRight), alpha: float(scale) };
    if (context.provider === "webgpu") return [context.node("Gemm", call.values, attributes)];
    const fused = (operands: FusionCall["values"]) =>
      context.node("FusedMatMul", operands, attributes, "com.microsoft");
    const chunks = transposeLeft && !transposeRight ? chunksOf(context, call) : 1;
    if (chunks === 1) return [fused(call.values)];
    const products = fused(
      call.values.map((value, index) => {
        const width = typeOf(call, index).shape[1] as number;
        return context.node("Reshape", [value, context.int64([chunks, rowsOfChunk, width])]);
      }),
    );
    return [leadingSum(context, products, [chunks], call.outputs[0]?.shape as readonly number[])];
  },
};

/** K of [..., M, K] × [..., K, N]. */
function innerSize(call: CompositeCall): Dim {
  const { transposeLeft } = attributesOf<ScaledMatMulAttributes>(call);
  return typeOf(call, 0).shape.at(transposeLeft ? -2 : -1) as Dim;
}

/** Into how many chunks of rows Aᵀ·B is cut on CPU, as the gradient of a weight: its threads do not share long sums. */
function chunksOf(context: LoweringContext, call: FusionCall): number {
  const [left, right] = [typeOf(call, 0), typeOf(call, 1)];
  const sizes = [...left.shape, ...right.shape];
  const rows = left.shape[0] as number;
  const known =
    sizes.length === 4 && sizes.every((size) => typeof size === "number" && size > 0) && left.dtype === "float32";
  return context.provider === "cpu" && known && rows % rowsOfChunk === 0 ? rows / rowsOfChunk : 1;
}

/** The rows of one sequence, which FusedMatMul takes as they lie; it adds no bias. */
const ofOneSequence: Claim = (call) => {
  const { shape } = typeOf(call, 0);
  return ofType("float32")(call) && !call.inputs[2] && shape.length === 3 && shape[0] === 1 && shape[2] !== 0;
};

/** Gemm on rows, with the weight as it lies; leading axes are folded into rows before and unfolded after. */
export const linear: Fusion = {
  supports: everywhere((call) => {
    const dtype = call.inputs[0]?.dtype;
    return dtype !== undefined && dtype !== "bfloat16" && isFloat(dtype);
  }),
  lower: (context, call) => {
    const [x, weight, bias] = call.values;
    if (context.provider === "cpu" && ofOneSequence(call)) {
      const attributes = { transA: flag(false), transB: flag(true), alpha: float(1) };
      return [context.node("FusedMatMul", [x, weight], attributes, "com.microsoft")];
    }
    const { shape } = typeOf(call, 0);
    const [inner, width] = [shape.at(-1) as Dim, typeOf(call, 1).shape[0] as Dim];
    const flat = shape.length === 2;
    const rows = flat ? x : context.node("Reshape", [x, context.sizes([-1, inner])]);
    const product = context.node("Gemm", [rows, weight, bias], { transB: int(1) });
    const leading = shape.slice(0, -1);
    return [flat ? product : context.node("Reshape", [product, context.sizes([...leading, width])])];
  },
};
