import { type BinaryName, type Kernel, type KernelTable, scalarFunction, type UnaryName } from "@relpos/core/backend";
import { allocate, type PlainData, type PlainTensor } from "./tensor.js";
import { broadcastStrides, walk } from "./walk.js";

type UnaryLoop = (output: PlainData, x: PlainData) => void;

/** A row of the output from `o` on; x and y are read from `i` and `j` on in steps of `di` and `dj`, which may be 0. */
type BinaryLoop = (
  output: PlainData,
  o: number,
  end: number,
  x: PlainData,
  i: number,
  di: number,
  y: PlainData,
  j: number,
  dj: number,
) => void;

const unary = (loop: UnaryLoop): Kernel<PlainTensor> => {
  return ({ inputs, outputType }) => {
    const output = allocate(outputType);
    loop(output.data, inputs[0]!.data);
    return output;
  };
};

/** A kernel from a loop for float32 and bool, and one for int32. */
function binary(loop: BinaryLoop, integerLoop = loop): Kernel<PlainTensor> {
  return ({ inputs, outputType }) => {
    const [x, y] = [inputs[0]!, inputs[1]!];
    const output = allocate(outputType);
    const { shape } = output;
    const { length, starts, steps } = walk(shape, broadcastStrides(x.shape, shape), broadcastStrides(y.shape, shape));
    const [[lefts, rights], [di, dj]] = [starts as [Int32Array, Int32Array], steps as [number, number]];
    const run = x.dtype === "int32" ? integerLoop : loop;
    for (let row = 0; row < lefts.length; row++) {
      run(output.data, row * length, (row + 1) * length, x.data, lefts[row]!, di, y.data, rights[row]!, dj);
    }
    return output;
  };
}

/** A loop around core's definition of an operation: for what is called too seldom to be worth one of its own. */
const loopOf = (compute: (x: number, y: number) => number): BinaryLoop => {
  return (output, o, end, x, i, di, y, j, dj) => {
    for (; o < end; o++, i += di, j += dj) output[o] = compute(x[i]!, y[j]!);
  };
};

const erf = scalarFunction("erf", "float32");

/**
 * Kernels that compute each element from the elements at its own place.
 *
 * Each operation has a loop of its own: one loop that calls a function for every element is several times slower. Most
 * serve integers too: a typed array truncates what is stored in it, and wraps around.
 */
export const elementwise: Pick<KernelTable<PlainTensor>, UnaryName | BinaryName | "where" | "cast"> = {
  neg: unary((output, x) => {
    for (let i = 0; i < output.length; i++) output[i] = -x[i]!;
  }),
  abs: unary((output, x) => {
    for (let i = 0; i < output.length; i++) output[i] = Math.abs(x[i]!);
  }),
  sign: unary((output, x) => {
    for (let i = 0; i < output.length; i++) output[i] = Math.sign(x[i]!);
  }),
  floor: unary((output, x) => {
    for (let i = 0; i < output.length; i++) output[i] = Math.floor(x[i]!);
  }),
  exp: unary((output, x) => {
    for (let i = 0; i < output.length; i++) output[i] = Math.exp(x[i]!);
  }),
  log: unary((output, x) => {
    for (let i = 0; i < output.length; i++) output[i] = Math.log(x[i]!);
  }),
  sqrt: unary((output, x) => {
    for (let i = 0; i < output.length; i++) output[i] = Math.sqrt(x[i]!);
  }),
  sin: unary((output, x) => {
    for (let i = 0; i < output.length; i++) output[i] = Math.sin(x[i]!);
  }),
  cos: unary((output, x) => {
    for (let i = 0; i < output.length; i++) output[i] = Math.cos(x[i]!);
  }),
  tanh: unary((output, x) => {
    for (let i = 0; i < output.length; i++) output[i] = Math.tanh(x[i]!);
  }),
  erf: unary((output, x) => {
    for (let i = 0; i < output.length; i++) output[i] = erf(x[i]!);
  }),
  logicalNot: unary((output, x) => {
    for (let i = 0; i < output.length; i++) output[i] = x[i] === 0 ? 1 : 0;
  }),

  add: binary((output, o, end, x, i, di, y, j, dj) => {
    for (; o < end; o++, i += di, j += dj) output[o] = x[i]! + y[j]!;
  }),
  sub: binary((output, o, end, x, i, di, y, j, dj) => {
    for (; o < end; o++, i += di, j += dj) output[o] = x[i]! - y[j]!;
  }),
  mul: binary(
    (output, o, end, x, i, di, y, j, dj) => {
      for (; o < end; o++, i += di, j += dj) output[o] = x[i]! * y[j]!;
    },
    // The product of two integers can be larger than what 64-bit floats hold exactly.
    (output, o, end, x, i, di, y, j, dj) => {
      for (; o < end; o++, i += di, j += dj) output[o] = Math.imul(x[i]!, y[j]!);
    },
  ),
  div: binary((output, o, end, x, i, di, y, j, dj) => {
    for (; o < end; o++, i += di, j += dj) output[o] = x[i]! / y[j]!;
  }),
  pow: binary(loopOf(scalarFunction("pow", "float32")), loopOf(scalarFunction("pow", "int32"))),
  maximum: binary((output, o, end, x, i, di, y, j, dj) => {
    for (; o < end; o++, i += di, j += dj) output[o] = Math.max(x[i]!, y[j]!);
  }),
  minimum: binary((output, o, end, x, i, di, y, j, dj) => {
    for (; o < end; o++, i += di, j += dj) output[o] = Math.min(x[i]!, y[j]!);
  }),
  equal: binary((output, o, end, x, i, di, y, j, dj) => {
    for (; o < end; o++, i += di, j += dj) output[o] = x[i] === y[j] ? 1 : 0;
  }),
  less: binary((output, o, end, x, i, di, y, j, dj) => {
    for (; o < end; o++, i += di, j += dj) output[o] = x[i]! < y[j]! ? 1 : 0;
  }),
  lessOrEqual: binary((output, o, end, x, i, di, y, j, dj) => {
    for (; o < end; o++, i += di, j += dj) output[o] = x[i]! <= y[j]! ? 1 : 0;
  }),
  logicalAnd: binary((output, o, end, x, i, di, y, j, dj) => {
    for (; o < end; o++, i += di, j += dj) output[o] = x[i] && y[j] ? 1 : 0;
  }),
  logicalOr: binary((output, o, end, x, i, di, y, j, dj) => {
    for (; o < end; o++, i += di, j += dj) output[o] = x[i] || y[j] ? 1 : 0;
  }),

  where: ({ inputs, outputType }) => {
    const output = allocate(outputType);
    const [condition, then, otherwise] = [inputs[0]!, inputs[1]!, inputs[2]!];
    const { length, starts, steps } = walk(
      output.shape,
      ...inputs.map(({ shape }) => broadcastStrides(shape, output.shape)),
    );
    const [tests, lefts, rights] = starts as [Int32Array, Int32Array, Int32Array];
    const [dt, di, dj] = steps as [number, number, number];
    for (let row = 0, o = 0; row < tests.length; row++) {
      let [t, i, j] = [tests[row]!, lefts[row]!, rights[row]!];
      for (const end = o + length; o < end; o++, t += dt, i += di, j += dj) {
        output.data[o] = condition.data[t] !== 0 ? then.data[i]! : otherwise.data[j]!;
      }
    }
    return output;
  },

  cast: ({ inputs, outputType }) => {
    const { data } = inputs[0]!;
    const output = allocate(outputType);
    if (output.dtype !== "bool") output.data.set(data);
    else for (let i = 0; i < data.length; i++) output.data[i] = data[i] !== 0 ? 1 : 0;
    return output;
  },
};
