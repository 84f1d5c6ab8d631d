import { abs, add, cast, constant, div, gather, mul, reshape, sign, sub } from "../primitives/operations.js";
import { exactTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";

/** Cosine and sine of angles, or what stands for them where a method is not a rotation. */
export interface Rotations {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

/** The tables that were asked for last: every layer of a model, and every graph of it, asks for the same. */
const tables = new Map<string, Rotations>();
const mostTables = 16;

/** Positions are split as 1024·high + low, so that two small tables serve 2²⁰ positions. */
const rows = 1024;

/**
 * Cosine and sine of position × frequency for whole positions |p| < 2²⁰: int32 [...] → two tensors [..., frequencies].
 *
 * Angles never exist in float32: tables of their cosines and sines are made on the host in float64, one for multiples
 * of 1024 and one for the rest, and joined by cos(a + b) = cos a·cos b − sin a·sin b. The error is that of three float32
 * roundings at any position. Where positions are constants the whole is folded, in float64.
 */
export function rotationsAt(positions: Tensor, frequencies: ArrayLike<number>): Rotations {
  const distances = abs(positions);
  const high = div(distances, rows);
  const low = sub(distances, mul(high, rows));
  const { cos, sin } = sumOfAngles(lookUp(high, frequencies, rows), lookUp(low, frequencies, 1));
  return { cos, sin: mul(sin, reshape(cast(sign(positions), "float32"), [...positions.shape, 1])) };
}

/** Cosine and sine of the sum of two angles. */
export function sumOfAngles(a: Rotations, b: Rotations): Rotations {
  return {
    cos: sub(mul(a.cos, b.cos), mul(a.sin, b.sin)),
    sin: add(mul(a.sin, b.cos), mul(a.cos, b.sin)),
  };
}

function lookUp(index: Tensor, frequencies: ArrayLike<number>, step: number): Rotations {
  const tableOf = (f: (angle: number) => number): Tensor => {
    const values = new Float64Array(rows * frequencies.length);
    for (let row = 0; row < rows; row++) {
      for (let m = 0; m < frequencies.length; m++)
        values[row * frequencies.length + m] = f(row * step * (frequencies[m] as number));
    }
    return constant(exactTensor(values, [rows, frequencies.length]));
  };
  const key = `${step}: ${Array.from(frequencies)}`;
  const { cos, sin } = tables.get(key) ?? { cos: tableOf(Math.cos), sin: tableOf(Math.sin) };
  // What was asked for last stands last.
  tables.delete(key);
  tables.set(key, { cos, sin });
  if (tables.size > mostTables) tables.delete(tables.keys().next().value as string);
  return { cos: gather(cos, index), sin: gather(sin, index) };
}
