import { check } from "../errors.js";
import { inferPrimitive } from "../primitives/infer.js";
import { add, matMul, mul, reduceSum, reshape, transposeLast } from "../primitives/operations.js";
import { sumToShape } from "../primitives/sum-to-shape.js";
import { type Dim, equalDims, printShape, productOfDims } from "../tensor/dimension.js";
import type { Attributes } from "../tensor/node.js";
import type { Tensor, TensorType } from "../tensor/tensor.js";
import { applySingle, defineComposite } from "./composite.js";
import { type BlockBits, blocksOf, dequantizeBlocks, typeOfBlocks } from "./dequantize-blocks.js";

type ScaledMatMulAttributes = {
  readonly transposeLeft: boolean;
  readonly transposeRight: boolean;
  readonly scale: number;
};

const swapLast = (shape: readonly Dim[]): readonly Dim[] => [
  ...shape.slice(0, -2),
  shape.at(-1) as Dim,
  shape.at(-2) as Dim,
];

const scaledMatMulComposite = defineComposite<ScaledMatMulAttributes>({
  name: "scaledMatMul",
  infer: (inputs, { transposeLeft, transposeRight }) => {
    const [a, b] = inputs as readonly [TensorType, TensorType];
    const left = transposeLeft ? { ...a, shape: swapLast(a.shape), dtype: a.dtype } : a;
    const right = transposeRight ? { ...b, shape: swapLast(b.shape), dtype: b.dtype } : b;
    return [inferPrimitive("matMul", [left, right], {})];
  },
  decompose: ([a, b], { transposeLeft, transposeRight, scale }) => {
    const left = transposeLeft ? transposeLast(a as Tensor) : (a as Tensor);
    const right = transposeRight ? transposeLast(b as Tensor) : (b as Tensor);
    const product = matMul(left, right);
    return [scale === 1 ? product : mul(product, scale)];
  },
  /** For C = s·A·B: dA = s·dC·Bᵀ and dB = s·Aᵀ·dC; a transposed operand takes the transposed product. */
  vjp: ({ inputs: [a, b], attributes: { transposeLeft, transposeRight, scale }, gradients: [g] }) => {
    const [left, right, gradient] = [a as Tensor, b as Tensor, g as Tensor];
    const forLeft = transposeLeft
      ? scaledMatMul(right, gradient, { transposeLeft: transposeRight, transposeRight: true, scale })
      : scaledMatMul(gradient, right, { transposeRight: !transposeRight, scale });
    const forRight = transposeRight
      ? scaledMatMul(gradient, left, { transposeLeft: true, transposeRight: transposeLeft, scale })
      : scaledMatMul(left, gradient, { transposeLeft: !transposeLeft, scale });
    return [sumToShape(forLeft, left.shape), sumToShape(forRight, right.shape)];
  },
});

const linearComposite = defineComposite<Attributes>({
  name: "linear",
  infer: (inputs) => {
    const [x, weight, bias] = inputs as readonly [TensorType, TensorType, TensorType | undefined];
    check(x.shape.length >= 1 && weight.shape.length === 2, "linear", () => {
      return `needs x [..., in] and weight [out, in], got ${printShape(x.shape)} and ${printShape(weight.shape)}`;
    });
    const [out, inner] = weight.shape as readonly [Dim, Dim];
    check(equalDims(x.shape.at(-1) as Dim, inner) && x.dtype === weight.dtype, "linear", () => {
      return `x [..., in] must fit weight [out, in], got ${x.dtype}${printShape(x.shape)} and ${weight.dtype}${printShape(weight.shape)}`;
    });
    check(!bias || (bias.shape.length === 1 && equalDims(bias.shape[0] as Dim, out)), "linear", () => {
      return `bias must have shape ${printShape([out])}, got ${printShape((bias as TensorType).shape)}`;
    });
    return [{ shape: [...x.shape.slice(0, -1), out], dtype: x.dtype }];
  },
  decompose: ([x, weight, bias]) => {
    const rows = asRows(x as Tensor);
    const product = scaledMatMul(rows, weight as Tensor, { transposeRight: true });
    const shape = [...(x as Tensor).shape.slice(0, -1), (weight as Tensor).shape[0] as Dim];
    return [reshape(bias ? add(product, bias) : product, shape)];
  },
  vjp: ({ inputs: [x, weight, bias], gradients: [g] }) => {
    const [rows, gradient] = [asRows(x as Tensor), asRows(g as Tensor)];
    const forInput = reshape(scaledMatMul(gradient, weight as Tensor), (x as Tensor).shape);
    const forWeight = scaledMatMul(gradient, rows, { transposeLeft: true });
    return [forInput, forWeight, bias && reduceSum(gradient, 0)];
  },
});

const matMulNBitsComposite = defineComposite<{ readonly bits: BlockBits }>({
  name: "matMulNBits",
  infer: ([x, data, scales, bias], { bits }) => {
    const weight = typeOfBlocks(data as TensorType, scales as TensorType, bits);
    return linearComposite.infer([x, weight, bias], {});
  },
  decompose: ([x, data, scales, bias], { bits }) => {
    return [applySingle(linearComposite, [x, dequantizeBlocks(data as Tensor, scales as Tensor, bits), bias], {})];
  },
});

/** [..., width] as [rows, width]. */
export function asRows(x: Tensor): Tensor {
  return reshape(x, [productOfDims(x.shape.slice(0, -1)), x.shape.at(-1) as Dim]);
}

/** scale · A · B, either operand with its last two axes swapped; leading axes broadcast. ONNX Runtime's FusedMatMul. */
export function scaledMatMul(a: Tensor, b: Tensor, attributes: Partial<ScaledMatMulAttributes> = {}): Tensor {
  const { transposeLeft = false, transposeRight = false, scale = 1 } = attributes;
  return applySingle(scaledMatMulComposite, [a, b], { transposeLeft, transposeRight, scale });
}

/**
 * x·Wᵀ + b for x [..., in] and a weight [out, in] in blocks: data uint8 [out, blocks, bytes], scales [out, blocks], as
 * `dequantizeBlocks` takes them; bias [out]. ONNX Runtime's MatMulNBits.
 */
export function matMulNBits(x: Tensor, data: Tensor, scales: Tensor, bits: BlockBits, bias?: Tensor): Tensor {
  return applySingle(matMulNBitsComposite, [x, data, scales, bias], { bits });
}

/** x·Wᵀ + b for x [..., in], weight [out, in] as PyTorch stores it, bias [out]. Of a weight in blocks `matMulNBits`. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const blocks = blocksOf(weight);
  if (blocks && weight.shape.length === 2) return matMulNBits(x, blocks.data, blocks.scales, blocks.bits, bias);
  return applySingle(linearComposite, [x, weight, bias], {});
}
