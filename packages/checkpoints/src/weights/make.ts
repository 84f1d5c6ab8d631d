import { check, type HostTensor, toNumbers } from "@relpos/core";
import { type ModuleSource, tensorName, type WeightSource } from "./weight-table.js";

/** A float32 tensor from a function of the index. */
function filled(shape: readonly number[], value: (index: number) => number): HostTensor {
  const length = shape.reduce((a, b) => a * b, 1);
  return { shape, dtype: "float32", data: Float32Array.from({ length }, (_, index) => value(index)) };
}

/** Rows of a tensor in another order, or some of them. */
export function takeRows(value: HostTensor, rows: readonly number[]): HostTensor {
  const [count = 1, ...rest] = value.shape;
  const size = value.data.length / count;
  const data = new (value.data.constructor as Float32ArrayConstructor)(rows.length * size) as HostTensor["data"];
  rows.forEach((row, index) => {
    check(row < count, "weights", () => `row must be below ${count}, got ${row}`);
    data.set(value.data.subarray(row * size, (row + 1) * size), index * size);
  });
  return { shape: [rows.length, ...rest], dtype: value.dtype, data };
}

export function transpose(value: HostTensor): HostTensor {
  const [rows, columns] = value.shape as readonly [number, number];
  const data = new (value.data.constructor as Float32ArrayConstructor)(value.data.length) as HostTensor["data"];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) data[j * rows + i] = value.data[i * columns + j] as number;
  }
  return { shape: [columns, rows], dtype: value.dtype, data };
}

function reshape(value: HostTensor, shape: readonly number[]): HostTensor {
  return { ...value, shape };
}

/** Linear layers whose weight is stored [in, out], as GPT-2's Conv1D. */
export function transposed(module: string): ModuleSource {
  return (leaf) => ({
    from: [tensorName(module, leaf)],
    ...(leaf === "weight" && {
      transposed: true,
      make: ([weight]) => transpose(weight as HostTensor),
      put: (tensor, value) => tensor.data.set(transpose(value).data),
    }),
  });
}

/** Norms that multiply by 1 + weight, as Gemma's. */
export function plusOne(module: string): ModuleSource {
  return (leaf) => ({
    from: [tensorName(module, leaf)],
    make: ([weight]) => {
      const values = toNumbers(weight as HostTensor);
      return filled((weight as HostTensor).shape, (index) => 1 + (values[index] as number));
    },
    put: (tensor, value) => tensor.data.set(Float32Array.from(value.data, (x) => x - 1)),
  });
}

/** Some outputs of a linear layer: rows `start` to `end` of weight and bias. */
export function rows(module: string, start: number, end: number): ModuleSource {
  const wanted = Array.from({ length: end - start }, (_, index) => start + index);
  return reordered(module, wanted);
}

/** The outputs of a linear layer in another order. */
export function reordered(module: string, order: readonly number[]): ModuleSource {
  return (leaf) => rowsOf(tensorName(module, leaf), order);
}

/** Rows of a tensor by its full name. */
export function rowsOf(name: string, order: readonly number[]): WeightSource {
  return {
    from: [name],
    rows: order,
    make: ([value]) => takeRows(value as HostTensor, order),
    put: (tensor, value) => {
      const size = value.data.length / order.length;
      order.forEach((row, index) => {
        tensor.data.set(value.data.subarray(index * size, (index + 1) * size), row * size);
      });
    },
  };
}

/** A tensor by its full name in another shape, and what it is then turned into. */
export function reshaped(
  name: string,
  shape: (given: readonly number[]) => readonly number[],
  turn: (value: HostTensor) => HostTensor = (value) => value,
): ModuleSource {
  return () => ({
    from: [name],
    make: ([value]) => turn(reshape(value as HostTensor, shape((value as HostTensor).shape))),
    // Turning twice gives what was.
    put: (tensor, value) => tensor.data.set(turn(value).data),
  });
}

/**
 * Outputs of a merged projection in our order (all query heads, key heads, value heads), where the file has a group's query
 * heads, its key head and its value head beside each other: BLOOM, GPT-NeoX (groups of one), Falcon (of several).
 */
export function byGroups({
  heads,
  kvHeads,
  headSize,
}: Readonly<Record<"heads" | "kvHeads" | "headSize", number>>): readonly number[] {
  const each = heads / kvHeads;
  const head = (group: number, place: number): readonly number[] => {
    return Array.from({ length: headSize }, (_, index) => (group * (each + 2) + place) * headSize + index);
  };
  const groups = Array.from({ length: kvHeads }, (_, group) => group);
  const queries = groups.flatMap((group) => Array.from({ length: each }, (_, index) => head(group, index)).flat());
  return [
    ...queries,
    ...groups.flatMap((group) => head(group, each)),
    ...groups.flatMap((group) => head(group, each + 1)),
  ];
}

/** Some of the last axis of a tensor with this full name: those that are `start`, `start` + `step`, … below `end`. */
export function columns(name: string, start: number, end: number, step = 1): ModuleSource {
  return () => ({
    from: [name],
    make: ([value]) => {
      const { shape, data } = value as HostTensor;
      const size = shape.at(-1) as number;
      const count = Math.ceil((end - start) / step);
      const wanted = filled([...shape.slice(0, -1), count], () => 0);
      const values = toNumbers(value as HostTensor);
      for (let row = 0; row < data.length / size; row++) {
        for (let i = 0; i < count; i++) wanted.data[row * count + i] = values[row * size + start + i * step] as number;
      }
      return wanted;
    },
    put: (tensor, value) => {
      const size = tensor.shape.at(-1) as number;
      const count = value.shape.at(-1) as number;
      for (let index = 0; index < value.data.length; index++) {
        const [row, column] = [Math.floor(index / count), index % count];
        tensor.data[row * size + start + column * step] = value.data[index] as number;
      }
    },
  });
}

/** x·Wᵀ + b, summed in 64 bits: [rows, in], [out, in] and [out] → [rows, out]. */
export function products(x: HostTensor, weight: HostTensor, bias: HostTensor | undefined): HostTensor {
  const [count, inner] = x.shape as readonly [number, number];
  const outer = weight.shape[0] as number;
  const [a, w, b] = [toNumbers(x), toNumbers(weight), bias && toNumbers(bias)];
  return filled([count, outer], (index) => {
    const [row, column] = [Math.floor(index / outer), index % outer];
    let sum = b ? (b[column] as number) : 0;
    for (let i = 0; i < inner; i++) sum += (a[row * inner + i] as number) * (w[column * inner + i] as number);
    return sum;
  });
}

/** Layer norm of each row. */
export function normedRows(x: HostTensor, scale: HostTensor, shift: HostTensor, epsilon: number): HostTensor {
  const width = x.shape[1] as number;
  const [values, factors, offsets] = [toNumbers(x), toNumbers(scale), toNumbers(shift)];
  const statistics = Array.from({ length: x.shape[0] as number }, (_, row) => {
    const own = Array.from({ length: width }, (_, i) => values[row * width + i] as number);
    const centre = own.reduce((sum, value) => sum + value, 0) / width;
    const variance = own.reduce((sum, value) => sum + (value - centre) ** 2, 0) / width;
    return { centre, deviation: Math.sqrt(variance + epsilon) };
  });
  return filled(x.shape, (index) => {
    const { centre, deviation } = statistics[Math.floor(index / width)] as (typeof statistics)[number];
    const column = index % width;
    return (
      (((values[index] as number) - centre) / deviation) * (factors[column] as number) + (offsets[column] as number)
    );
  });
}
