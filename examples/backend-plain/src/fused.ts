import type { CompositeCall, FusedKernel } from "@relpos/core/backend";
import { matrixProduct } from "./matrix-product.js";
import { allocate, type PlainTensor } from "./tensor.js";

const ofFloats = ({ inputs }: CompositeCall): boolean => inputs[0]?.dtype === "float32";

/** A product whose operands are transposed while they are read: gradients of products are made of these. */
const scaledMatMul: FusedKernel<PlainTensor> = {
  supports: ofFloats,
  run: ({ inputs, attributes, outputTypes }) => {
    return [matrixProduct(inputs[0]!, inputs[1]!, outputTypes[0]!, attributes)];
  },
};

/** Softmax of whole rows. Along any other axis core decomposes it: a claim is about a call, not about a name. */
const softmax: FusedKernel<PlainTensor> = {
  supports: (call) => ofFloats(call) && call.attributes.axis === call.inputs[0]!.shape.length - 1,
  run: ({ inputs, outputTypes }) => {
    const { data, shape } = inputs[0]!;
    const output = allocate(outputTypes[0]!);
    const width = shape.at(-1)!;
    for (let start = 0; start < data.length; start += width) {
      let largest = Number.NEGATIVE_INFINITY;
      for (let i = start; i < start + width; i++) largest = Math.max(largest, data[i]!);
      let sum = 0;
      for (let i = start; i < start + width; i++) sum += output.data[i] = Math.exp(data[i]! - largest);
      for (let i = start; i < start + width; i++) output.data[i]! /= sum;
    }
    return [output];
  },
};

/** Composites that run as one operation, by name. */
export const fused: Readonly<Record<string, FusedKernel<PlainTensor>>> = { scaledMatMul, softmax };
