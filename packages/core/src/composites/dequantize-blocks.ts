import { check } from "../errors.js";
import { cast, concat, div, floor, mul, reshape, sub } from "../primitives/operations.js";
import { type Dim, equalShapes, multiplyDims, printShape } from "../tensor/dimension.js";
import type { Tensor, TensorType } from "../tensor/tensor.js";
import { applySingle, defineComposite } from "./composite.js";

/** Bits of a number in a block. */
export type BlockBits = 4 | 8;

type BlockAttributes = { readonly bits: BlockBits };

const dequantizeBlocksComposite = defineComposite<BlockAttributes>({
  name: "dequantizeBlocks",
  infer: (inputs, { bits }) => {
    const [data, scales] = inputs as readonly [TensorType, TensorType];
    check(bits === 4 || bits === 8, "dequantizeBlocks", () => `bits must be 4 or 8, got ${bits}`);
    check((data.dtype === "uint8" || data.dtype === "int32") && data.shape.length > 1, "dequantizeBlocks", () => {
      return `data must be uint8 or int32 [..., blocks, bytes], got ${data.dtype} ${printShape(data.shape)}`;
    });
    check(equalShapes(scales.shape, data.shape.slice(0, -1)), "dequantizeBlocks", () => {
      return `scales must have shape ${printShape(data.shape.slice(0, -1))}, got ${printShape(scales.shape)}`;
    });
    const size = multiplyDims(scales.shape.at(-1) as Dim, multiplyDims(data.shape.at(-1) as Dim, 8 / bits));
    return [{ shape: [...scales.shape.slice(0, -1), size], dtype: scales.dtype }];
  },
  decompose: ([packed, scales], { bits }) => {
    const [data, factors] = [packed as Tensor, scales as Tensor];
    const bytes = cast(data, factors.dtype);
    const { shape } = factors;
    const centred = sub(bits === 8 ? bytes : halves(bytes), 2 ** (bits - 1));
    const size = multiplyDims(shape.at(-1) as Dim, centred.shape.at(-1) as Dim);
    return [reshape(mul(centred, reshape(factors, [...shape, 1])), [...shape.slice(0, -1), size])];
  },
});

/** The low and the high half of each byte, beside each other: [..., n] → [..., 2n]. */
function halves(bytes: Tensor): Tensor {
  const single = reshape(bytes, [...bytes.shape, 1]);
  const high = floor(div(single, 16));
  const both = concat([sub(single, mul(high, 16)), high], bytes.shape.length);
  return reshape(both, [...bytes.shape.slice(0, -1), multiplyDims(bytes.shape.at(-1) as Dim, 2)]);
}

/**
 * Numbers that are kept in blocks: scale · (q − 2^(bits − 1)), with q of 8 bits a byte, of 4 bits half a byte, the lower half first.
 *
 * data uint8 [..., blocks, bytes] (or int32 with the same numbers), a scale for each block [..., blocks] → [..., blocks · bytes ·
 * 8 / bits]. The layout of ONNX Runtime's MatMulNBits without zero points.
 */
export function dequantizeBlocks(data: Tensor, scales: Tensor, bits: BlockBits): Tensor {
  return applySingle(dequantizeBlocksComposite, [data, scales], { bits });
}

/** The type of what blocks hold. Errors as `dequantizeBlocks`. */
export function typeOfBlocks(data: TensorType, scales: TensorType, bits: BlockBits): TensorType {
  return dequantizeBlocksComposite.infer([data, scales], { bits })[0] as TensorType;
}

/** What `dequantizeBlocks` made a tensor of; `undefined` for other tensors. */
export function blocksOf(
  x: Tensor,
): { readonly data: Tensor; readonly scales: Tensor; readonly bits: BlockBits } | undefined {
  const { node } = x;
  if (node?.op !== "dequantizeBlocks") return undefined;
  const [data, scales] = node.inputs as readonly [Tensor, Tensor];
  return { data, scales, ...(node.attributes as BlockAttributes) };
}
