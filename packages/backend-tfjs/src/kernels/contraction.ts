import { elementCount } from "@relpos/core";
import type { Device, MemoryDevice } from "../device/device.js";
import type { TfjsTensor } from "../device/tfjs-tensor.js";
import { expandTo } from "./apply.js";
import type { Rows } from "./rows.js";
import { sameShape } from "./shapes.js";

export function contraction(device: Device): Rows<"matMul"> {
  return { matMul: ({ inputs: [a, b], outputType: { shape } }) => product(device, a!, b!, shape) };
}

export interface Transposed {
  /** Whether the last two axes of an operand are swapped. Default `false`. */
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** A·B, leading axes broadcast to those of `shape`, the product's. */
export function product(
  device: Device,
  a: TfjsTensor,
  b: TfjsTensor,
  shape: readonly number[],
  { transposeA = false, transposeB = false }: Transposed = {},
): TfjsTensor {
  const [matrixA, matrixB] = [a.shape.slice(-2), b.shape.slice(-2)];
  if (matrixA[transposeA ? 0 : 1] === 0) return device.fill(shape, "float32", 0);
  const leading = shape.slice(0, -2);
  // The kernel knows one matrix for all others, or as many on either side.
  const batches = (x: TfjsTensor, matrix: readonly number[]): TfjsTensor => {
    const own = x.shape.slice(0, -2);
    if (elementCount(own) === 1) return device.view(x, [1, ...matrix]);
    const whole = sameShape(own, leading) ? x : expandTo(device, x, [...leading, ...matrix]);
    return device.view(whole, [-1, ...matrix]);
  };
  const rowsOfOne = elementCount(b.shape.slice(0, -2)) === 1 && !transposeA;
  const left = rowsOfOne ? device.view(a, [1, -1, matrixA[1]!]) : batches(a, matrixA);
  const right = batches(b, matrixB);
  return device.view(multiply(device, left, right, { transposeA, transposeB }), shape);
}

function multiply(device: Device, a: TfjsTensor, b: TfjsTensor, transposed: Required<Transposed>): TfjsTensor {
  if (device.name === "wasm") return multiplyOnWasm(device as MemoryDevice, a, b);
  return device.run("BatchMatMul", { a, b }, transposed);
}

/** From so many products of numbers on, wasm's kernel for two matrices is so much faster that copies of both pay. */
const worthCopying = 16384;

/**
 * [B or 1, M, K] × [B or 1, K, N] → [B, M, N]. XNNPACK multiplies two matrices; for a batch TensorFlow.js has loops of its
 * own, five to ten times slower. And XNNPACK remembers the sizes of the right matrix by its memory, where views of other
 * sizes may lie: so it gets its own.
 */
function multiplyOnWasm(device: MemoryDevice, a: TfjsTensor, b: TfjsTensor): TfjsTensor {
  const { memory } = device;
  const attributes = { transposeA: false, transposeB: false };
  const [batchA, rows, inner] = a.shape as [number, number, number];
  const [batchB, , columns] = b.shape as [number, number, number];
  const batch = Math.max(batchA, batchB);
  if (batch > 1 && rows * inner * columns < worthCopying) return device.run("BatchMatMul", { a, b }, attributes);
  const output = memory.allocate([batch, rows, columns], "float32");
  const left = batchA === 1 ? a : memory.allocate([1, rows, inner], "float32");
  const matrix = (x: TfjsTensor, index: number, size: number) =>
    memory.elements(x).subarray(index * size, (index + 1) * size);
  for (let i = 0; i < batch; i++) {
    device.tidy(() => {
      const right = memory.allocate([1, inner, columns], "float32");
      memory.elements(right).set(matrix(b, batchB === 1 ? 0 : i, inner * columns));
      if (left !== a) memory.elements(left).set(matrix(a, i, rows * inner));
      const result = device.run("BatchMatMul", { a: left, b: right }, attributes);
      memory.elements(output).set(memory.elements(result), i * rows * columns);
      return undefined;
    });
  }
  return output;
}
