import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian, integers } from "@relpos/conformance/cases";
import {
  exactTensor,
  type HostTensor,
  matMul,
  positions as range,
  run,
  slice,
  type Tensor,
  tensor,
  transposeLast,
} from "@relpos/core";
import {
  axialRope,
  circulantGenerator,
  contextualGrapeM,
  grapeM,
  lieRope,
  matrixExponential,
  mixedRope,
  type PositionEncoding,
  repo,
  rodrigues,
  rope,
  selectiveRope,
  stringRope,
} from "@relpos/core/encodings";
import { encodedAttention } from "@relpos/core/nn";
import { afterAll, describe, expect, test } from "vitest";
import { checkGradients } from "../../src/check-gradients.js";
import { identity, mapped, skewMatrix, sum } from "../../src/host-numbers.js";
import { namedAs } from "../../src/parameters.js";
import { initialParameters, scoresOf } from "../../src/rotary-case.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

const size = 8;
const context = { length: 64, magnitude: 64 };

const exponential = (a: HostTensor) => run(backend, (x) => matrixExponential(x as Tensor), a);
const product = (a: HostTensor, b: HostTensor) => run(backend, (x, y) => matMul(x as Tensor, y as Tensor), a, b);

/** One kernel for each of four channels. */
const taps = (...kernel: readonly number[]) => exactTensor(Array(4).fill(kernel).flat(), [4, kernel.length]);

describe("what begins as RoPE", () => {
  test("multiplicative GRAPE, by its initial frequencies", async () => {
    const { logFrequency } = initialParameters(grapeM());
    expect(Array.from(logFrequency?.data ?? [], (x) => Number(Math.exp(x).toFixed(6)))).toEqual([1, 0.1, 0.01, 0.001]);
    const parameters = { logFrequency: exactTensor([0, Math.log(0.1), Math.log(0.01), Math.log(0.001)], [4]) };
    const plain = await scoresOf(backend, { encoding: rope() });
    expectClose(await scoresOf(backend, { encoding: grapeM(), parameters }), plain, "composite", context);
  });

  test("its contextual form where every token is one step", async () => {
    const initial = initialParameters(contextualGrapeM());
    const parameters = {
      ...initial,
      logFrequency: exactTensor([0, Math.log(0.1), Math.log(0.01), Math.log(0.001)], [4]),
    };
    const state = exactTensor(Array(6).fill(1), [1, 6, 1]);
    const scores = await scoresOf(backend, { encoding: contextualGrapeM(), parameters, state });
    expectClose(scores, await scoresOf(backend, { encoding: rope() }), "composite", context);
    const softplus = Math.log1p(Math.exp(initial.bias?.data[0] as number));
    expectClose(tensor([softplus], [1]), tensor([1e-3], [1]), "arithmetic");
  });

  test("RePo where heads place tokens at their indices, or where only the index counts", async () => {
    const plain = await scoresOf(backend, { encoding: rope() });
    const state = exactTensor([0, 1, 2, 3, 4, 5], [1, 6, 1]);
    expectClose(await scoresOf(backend, { encoding: repo(), state }), plain, "composite", context);
    const random = gaussian([1, 6, 1], "state");
    expectClose(
      await scoresOf(backend, { encoding: repo({ indexShare: 1 }), state: random }),
      plain,
      "composite",
      context,
    );
    const half = await scoresOf(backend, { encoding: repo({ indexShare: 0.5 }), state: random });
    expect(() => expectClose(half, plain, "composite", context)).toThrow("disagree");
  });

  test("Selective RoPE where every angle is 1", async () => {
    const parameters = { ...initialParameters(selectiveRope()), kernel: taps(0, 0, 0, 1) };
    const state = exactTensor(Array(24).fill(1), [1, 6, 4]);
    const scores = await scoresOf(backend, { encoding: selectiveRope(), parameters, state });
    expectClose(scores, await scoresOf(backend, { encoding: rope({ base: 500_000 }) }), "composite", context);
  });

  test("Selective RoPE's convolution sees the tokens before, the earliest tap the farthest", async () => {
    const plain = { ...initialParameters(selectiveRope()), kernel: taps(0, 0, 0, 1) };
    const encoding = selectiveRope();
    const state = gaussian([1, 6, 4], "state");
    const later = exactTensor([0, 0, 0, 0, ...state.data.slice(0, 20)], [1, 6, 4]);
    const moved = await scoresOf(backend, { encoding, parameters: { ...plain, kernel: taps(0, 0, 1, 0) }, state });
    expectClose(moved, await scoresOf(backend, { encoding, parameters: plain, state: later }), "composite", context);
  });

  test("STRING has RoPE's frequencies at first, in its Fourier basis", () => {
    const c = circulantGenerator(size, 100);
    const frequencies = [1, 2, 3].map((k) =>
      sum(c.map((value, n) => 2 * value * Math.sin((2 * Math.PI * k * n) / size))),
    );
    expect(frequencies.map((w) => Number(w.toFixed(9)))).toEqual(
      [0, 1, 2].map((m) => Number((100 ** (-m / 3)).toFixed(9))),
    );
  });
});

describe("matrix exponentials", () => {
  test("of skew matrices are orthogonal, and undone by the exponential of the negative", async () => {
    const a = skewMatrix(6, "a");
    const [there, back] = [await exponential(a), await exponential(mapped(a, (x) => -x))];
    expectClose(await product(there, back), identity(6), "composite", context);
    expectClose(await run(backend, (x) => transposeLast(x as Tensor), there), back, "composite", context);
  });

  test("of multiples of one matrix commute: e^(iA)·e^(−jA) = e^((i − j)A); of two matrices they do not", async () => {
    const [a, b] = [skewMatrix(5, "a"), skewMatrix(5, "b")];
    const far = await product(await exponential(mapped(a, (x) => 3 * x)), await exponential(mapped(a, (x) => -2 * x)));
    expectClose(far, await exponential(a), "composite", context);
    const both = mapped(a, (x, i) => x + (b.data[i] as number));
    const apart = await product(await exponential(a), await exponential(b));
    const together = await exponential(both);
    expect(() => expectClose(apart, together, "composite", context)).toThrow("disagree");
  });

  test("of a plane are Rodrigues' closed form", async () => {
    const [a, b] = [gaussian([4], "a").data, gaussian([4], "b").data];
    const plane = Array.from({ length: 16 }, (_, index) => {
      const [i, j] = [Math.floor(index / 4), index % 4];
      return (a[i] as number) * (b[j] as number) - (b[i] as number) * (a[j] as number);
    });
    const closed = exactTensor(rodrigues([...a], [...b]).flat(), [4, 4]);
    expectClose(await exponential(exactTensor(plane, [4, 4])), closed, "composite", context);
    expect(rodrigues([1, 0], [2, 0])).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  test("STRING's scores are q·e^((j − i)·L)k with the circulant L itself", async () => {
    const generator = gaussian([size], "c");
    const actual = await scoresOf(backend, { encoding: stringRope(), parameters: { generator } });
    const c = (n: number) => generator.data[((n % size) + size) % size] as number;
    const circulant = Array.from({ length: size * size }, (_, index) => {
      const [m, n] = [Math.floor(index / size), index % size];
      return c(m - n) - c(n - m);
    });
    const [q, k] = [gaussian([1, 2, 6, size], "q").data, gaussian([1, 1, 6, size], "k").data];
    const powers = await Promise.all(
      Array.from({ length: 11 }, (_, n) =>
        exponential(
          exactTensor(
            circulant.map((x) => x * (n - 5)),
            [size, size],
          ),
        ),
      ),
    );
    const expected = Array.from({ length: 72 }, (_, index) => {
      const [row, j] = [Math.floor(index / 6), index % 6];
      const turn = powers[j - (row % 6) + 5]?.data as Float64Array;
      const terms = Array.from(turn, (value, at) => {
        return (q[row * size + Math.floor(at / size)] as number) * value * (k[j * size + (at % size)] as number);
      });
      return sum(terms) / Math.sqrt(size);
    });
    expectClose(actual, exactTensor(expected, [1, 2, 6, 6]), "composite", context);
  });

  test("LieRE with one axis is relative, with two it is not, unlike the commuting axial form", async () => {
    const line = lieRope({ extent: 6 });
    const here = await scoresOf(backend, { encoding: line });
    expectClose(await scoresOf(backend, { encoding: line, positions: range(6, 3) }), here, "composite", context);
    const [near, far] = [
      integers([0, 1, 2, 0, 0, 0, 0, 1, 1, 1, 0, 2], [2, 1, 6]),
      integers([3, 4, 5, 3, 3, 3, 2, 3, 3, 3, 2, 4], [2, 1, 6]),
    ];
    const moved = (encoding: PositionEncoding) =>
      Promise.all([near, far].map((positions) => scoresOf(backend, { encoding, positions })));
    const [before, after] = (await moved(lieRope({ extent: 6, width: 3 }))) as [HostTensor, HostTensor];
    expect(() => expectClose(after, before, "composite", context)).toThrow("disagree");
    const [axialBefore, axialAfter] = (await moved(axialRope({ width: 3 }))) as [HostTensor, HostTensor];
    expectClose(axialAfter, axialBefore, "composite", context);
  });
});

describe("scores depend on differences of positions only", () => {
  test.each([grapeM(), stringRope()])("$kind", async (encoding) => {
    const here = await scoresOf(backend, { encoding });
    expectClose(await scoresOf(backend, { encoding, positions: range(6, 100) }), here, "composite", context);
  });

  test("RePo's on differences of its own positions", async () => {
    const state = gaussian([1, 6, 1], "state");
    const moved = mapped(state, (x) => x + 10);
    const here = await scoresOf(backend, { encoding: repo(), state });
    expectClose(await scoresOf(backend, { encoding: repo(), state: moved }), here, "composite", context);
  });
});

describe("gradients", () => {
  const trained: readonly PositionEncoding[] = [
    mixedRope({ width: 3 }),
    grapeM(),
    contextualGrapeM({ initialStep: 1 }),
    repo({ hidden: 2, indexShare: 0.25 }),
    selectiveRope({ rank: 2 }),
    stringRope(),
    lieRope({ extent: 6 }),
  ];
  test.each(trained)("$kind, of the layer's input and the parameters, with grouped heads", async (encoding) => {
    const parameters = initialParameters(encoding, 4);
    await checkGradients(backend, {
      f: (query, key, value, x, at, ...own) => {
        return encodedAttention(query as Tensor, key as Tensor, value as Tensor, {
          encoding,
          parameters: namedAs(parameters, own),
          queryPositions: slice(at as Tensor, { 1: [1, 3] }),
          keyPositions: at as Tensor,
          x: x as Tensor,
          causal: true,
          scale: 0.5,
        }).output;
      },
      inputs: [
        gaussian([1, 2, 2, 4], "q"),
        gaussian([1, 1, 3, 4], "k"),
        gaussian([1, 1, 3, 4], "v"),
        gaussian([1, 3, 8], "x"),
        integers([0, 2, 5], [1, 3]),
        ...Object.values(parameters),
      ],
    });
  });
});
