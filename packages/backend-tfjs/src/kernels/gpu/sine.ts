import type { TfjsTensor } from "../../device/tfjs-tensor.js";
import type { GpuOperations } from "./operations.js";

// A GPU's sine need not be better than 2⁻¹¹ (WebGPU Shading Language, 15.7.4.1). These are good to the rounding of
// float32 for some hundreds of turns.

/** π in three parts, of which the first two have few digits: those of Cephes' sinf.c, times 4. */
const partsOfPi = [3.140625, 9.675025939941406e-4, 1.5099579909783765e-7];

/** −1/11!, 1/9!, …, −1/3!: what Taylor's series leaves out is below 6e-8 on ±π/2. */
const taylor = [-1 / 39916800, 1 / 362880, -1 / 5040, 1 / 120, -1 / 6];

/** With x = k·π + r and |r| ≤ π/2: (−1)^k·sin r. */
export function sine(operations: GpuOperations, x: TfjsTensor): TfjsTensor {
  return turned(operations, x, 0);
}

/** With x = (k + ½)·π + r and |r| ≤ π/2: −(−1)^k·sin r. */
export function cosine(operations: GpuOperations, x: TfjsTensor): TfjsTensor {
  return operations.neg(turned(operations, x, 0.5));
}

/** (−1)^k·sin r with x = (k + offset)·π + r. */
function turned({ add, floor, mul, round, sub }: GpuOperations, x: TfjsTensor, offset: number): TfjsTensor {
  const k = round(sub(mul(x, 1 / Math.PI), offset));
  const r = partsOfPi.reduce((rest, part) => sub(rest, mul(add(k, offset), part)), x);
  const square = mul(r, r);
  const [highest, next, ...others] = taylor as [number, number, ...number[]];
  const series = others.reduce((sum, factor) => add(mul(sum, square), factor), add(mul(square, highest), next));
  const odd = sub(k, mul(floor(mul(k, 0.5)), 2));
  return mul(add(r, mul(mul(r, square), series)), sub(mul(odd, -2), -1));
}
