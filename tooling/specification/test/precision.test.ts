import { expectClose, violations } from "@relpos/conformance";
import { between, gaussian, roundToFloat32 } from "@relpos/conformance/cases";
import { exactTensor, type HostTensor, positions, run, type Tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { matrixExponential, rope } from "@relpos/core/encodings";
import { encodedScores } from "@relpos/core/nn";
import { expect, test } from "vitest";
import { exact, largestDifference, range } from "../src/host-numbers.js";
import { useBackends } from "./use-backends.js";

const backends = useBackends();

const [heads, length, size] = [4, 64, 128];
const offsets = [1e3, 1e4, 1e5, 1e6];
/** Gaussian products over √d are about 1 each, and at most about 5: these queries bring them to about 10. */
const query = roundToFloat32(scaled(gaussian([1, heads, length, size], "q"), 10));
const key = roundToFloat32(gaussian([1, heads, length, size], "k"));

function scaled(value: HostTensor, factor: number): HostTensor {
  return exactTensor(
    Float64Array.from(value.data, (x) => factor * x),
    value.shape,
  );
}

/** RoPE's logits with every position moved by an offset; angles in float64 on the host, or in float32 as elsewhere. */
function logits(backend: Backend, offset: number): Promise<HostTensor> {
  return run(
    backend,
    (q, k, at) =>
      encodedScores(q as Tensor, k as Tensor, {
        encoding: rope(),
        parameters: {},
        queryPositions: at as Tensor,
        keyPositions: at as Tensor,
        causal: false,
        scale: size ** -0.5,
      }),
    query,
    key,
    positions(length, offset),
  );
}

/** The same with angles that were rounded to float32 before their sines were taken, as most implementations do. */
function naiveError(offset: number): number {
  const frequencies = Array.from({ length: size / 2 }, (_, m) => Math.fround(10_000 ** ((-2 * m) / size)));
  const turn = (x: ArrayLike<number>, start: number, position: number): number[] => {
    const turned = new Array<number>(size);
    frequencies.forEach((frequency, m) => {
      const angle = Math.fround(position * frequency);
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      const [a, b] = [x[start + m] as number, x[start + m + size / 2] as number];
      turned[m] = a * cos - b * sin;
      turned[m + size / 2] = b * cos + a * sin;
    });
    return turned;
  };
  const row = (by: number, i: number, j: number): number => {
    const [q, k] = [turn(query.data, i * size, by + i), turn(key.data, j * size, by + j)];
    return q.reduce((sum, value, index) => sum + value * (k[index] as number), 0) * size ** -0.5;
  };
  let worst = 0;
  for (let i = 0; i < length; i += 7) {
    for (let j = 0; j < length; j++) worst = Math.max(worst, Math.abs(row(offset, i, j) - row(0, i, j)));
  }
  return worst;
}

test("RoPE's logits of about 10 stay when positions move as far as a million, in float32 with tables from float64", async () => {
  const [reference, onnx] = backends() as readonly [Backend, Backend];
  const still = { reference: await logits(reference, 0), onnx: await logits(onnx, 0) };
  const typical = Math.hypot(...still.onnx.data) / Math.sqrt(still.onnx.data.length);
  const table: Record<string, string>[] = [];
  for (const offset of offsets) {
    const [far, exactly] = [await logits(onnx, offset), await logits(reference, offset)];
    table.push({
      offset: offset.toExponential(0),
      "float32, angles from float64": largestDifference(far, still.onnx).toExponential(1),
      "float32 angles": naiveError(offset).toExponential(1),
      float64: largestDifference(exactly, still.reference).toExponential(1),
    });
    expectClose(far, still.onnx, "shift");
    expect(violations(exactly, still.reference, "shift")).toBeUndefined();
  }
  console.log(`shift error of RoPE's logits, d = ${size}, typical logit ${typical.toFixed(1)}:`);
  console.table(table);
});

/** Generators as LieRE begins with, at positions from a fraction of the trained length to eight times it. */
test.each([8, 16, 64])("LieRE's rotations keep their digits in float32: heads of size %i", async (size) => {
  const upper = between(0, 2 * Math.PI, [size, size], "generator").data;
  for (const share of [1 / 64, 1 / 4, 1, 2, 8]) {
    const values = range(size * size).map((index) => {
      const [i, j] = [Math.floor(index / size), index % size];
      return share * (i < j ? (upper[index] as number) : i > j ? -(upper[j * size + i] as number) : 0);
    });
    const a = roundToFloat32(exact(values, [size, size]));
    const [expected, actual] = await Promise.all(
      backends().map((backend) => run(backend, (x) => matrixExponential(x as Tensor), a)),
    );
    // What is squared is a rotation less the identity: no element is above 2.
    expectClose(actual as HostTensor, expected as HostTensor, "composite", { length: size, magnitude: 4 });
  }
});
