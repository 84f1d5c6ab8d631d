import type { Dim } from "@relpos/core";
import { int } from "../model/model.js";
import { attributesOf, type Claim, type Fusion, never, typeOf } from "./fusion.js";

/** Sizes of blocks that the operation takes: powers of two from 16 on. */
const inBlocks: Claim = (call) => {
  const [x, data] = [typeOf(call, 0), typeOf(call, 1)];
  const { bits } = attributesOf<{ bits: number }>(call);
  const bytes = data.shape[2];
  const block = typeof bytes === "number" ? (bytes * 8) / bits : 0;
  const sizes = [...data.shape, x.shape.at(-1)];
  return (
    x.dtype === "float32" &&
    data.dtype === "uint8" &&
    block >= 16 &&
    Number.isInteger(Math.log2(block)) &&
    !sizes.includes(0)
  );
};

/** com.microsoft MatMulNBits, whose weight must be a constant to be fast: it is packed when the session opens. */
export const matMulNBits: Fusion = {
  supports: { cpu: inBlocks, webgpu: never, cuda: never },
  lower: (context, call) => {
    const { bits } = attributesOf<{ bits: number }>(call);
    const [outer, , bytes] = typeOf(call, 1).shape as readonly [number, number, number];
    const [x, data, scales, bias] = call.values;
    const attributes = {
      K: int(typeOf(call, 0).shape.at(-1) as Dim as number),
      N: int(outer),
      bits: int(bits),
      block_size: int((bytes * 8) / bits),
      accuracy_level: int(context.accuracyLevel),
    };
    return [context.node("MatMulNBits", [x, data, scales, undefined, undefined, bias], attributes, "com.microsoft")];
  },
};
