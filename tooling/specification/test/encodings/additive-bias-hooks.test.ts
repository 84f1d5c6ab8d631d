import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian, runOn } from "@relpos/conformance/cases";
import { constant, dimension, graph, type HostTensor, iota, positions, run, Tensor, tensor } from "@relpos/core";
import {
  alibi,
  beit,
  decomposed,
  dynamicPositionBias,
  fire,
  gatedT5,
  graphormer,
  kerple,
  keyAlibi,
  type PositionEncoding,
  retention,
  sandwich,
  swin,
  swinV2,
  tisa,
} from "@relpos/core/encodings";
import { encodedAttention, encodedScores } from "@relpos/core/nn";
import { afterAll, describe, expect, test } from "vitest";
import { at, parametersOf, shape } from "../../src/bias-at.js";
import { checkGradients } from "../../src/check-gradients.js";
import { exact } from "../../src/host-numbers.js";
import { namedAs } from "../../src/parameters.js";
import { useBackends } from "../use-backends.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

const grid = { height: 2, width: 3 };
const encodings: Readonly<Record<string, PositionEncoding>> = {
  alibi: alibi(),
  "alibi, some heads": alibi({ biasedHeads: 1, symmetric: true }),
  "alibi, rows of keys": keyAlibi({ origin: "last" }),
  "kerple, log": kerple(),
  "kerple, power": kerple({ kernel: "power" }),
  "kerple, weighted": kerple({ kernel: "linear", weight: "power" }),
  fire: fire({ threshold: 2.5, hidden: 3 }),
  sandwich: sandwich({ dimension: 8 }),
  "dynamic position bias": dynamicPositionBias(),
  "dynamic position bias, log": dynamicPositionBias({ distance: "log", depth: 1 }),
  tisa: tisa({ kernels: 2 }),
  swin: swin(grid),
  "swin v2": swinV2({ ...grid, hidden: 3, pretrained: { height: 3, width: 2 } }),
  beit: beit(grid),
  decomposed: decomposed(grid),
  graphormer: graphormer({ maximumDistance: 2 }),
  "gated t5": gatedT5({ bidirectional: false, buckets: 4, maximumDistance: 5 }),
  retention: retention({ epsilon: 0.01 }),
};
const cases = Object.entries(encodings);

const named = (encoding: PositionEncoding, values: readonly unknown[]) => namedAs(parametersOf(encoding), values);
const values = (encoding: PositionEncoding) => Object.values(parametersOf(encoding));

describe("gradients of scores agree with central differences", () => {
  test.each(cases)("%s", async (_, encoding) => {
    await checkGradients(backend, {
      f: (q, k, x, ...parameters) =>
        encodedScores(q as Tensor, k as Tensor, {
          encoding,
          parameters: named(encoding, parameters),
          queryPositions: constant(positions(2, 3)),
          keyPositions: constant(positions(5)),
          x: x as Tensor,
          causal: true,
          scale: 0.5,
        }),
      inputs: [gaussian([1, 2, 2, 4], "q"), gaussian([1, 1, 5, 4], "k"), gaussian([1, 2, 8], "x"), ...values(encoding)],
    });
  });
});

describe("positions that the graph counts, is given, or is given for each row of a batch lead to the same", () => {
  const data = [
    gaussian([2, 2, 3, 4], "q"),
    gaussian([2, 1, 5, 4], "k"),
    gaussian([2, 1, 5, 4], "v"),
    gaussian([2, 3, 8], "x"),
  ] as const;
  const attend = (encoding: PositionEncoding, query: HostTensor, key: HostTensor): Promise<HostTensor> =>
    run(
      backend,
      (q, k, v, x, own, others, ...parameters) => attended(encoding, [q, k, v, x, own, others] as Tensor[], parameters),
      ...data,
      query,
      key,
      ...values(encoding),
    );
  const attended = (encoding: PositionEncoding, inputs: readonly Tensor[], parameters: readonly Tensor[]): Tensor => {
    const [q, k, v, x, queryPositions, keyPositions] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    return encodedAttention(q, k, v, {
      encoding,
      parameters: named(encoding, parameters),
      queryPositions,
      keyPositions,
      x,
      causal: true,
      scale: 0.5,
    }).output;
  };

  test.each(cases)("%s", async (_, encoding) => {
    const counted = await run(
      backend,
      (q, k, v, x, ...parameters) => {
        const places = [iota([3]).add(2), iota([5])];
        return attended(encoding, [q, k, v, x, ...places] as Tensor[], parameters as Tensor[]);
      },
      ...data,
      ...values(encoding),
    );
    expectClose(await attend(encoding, positions(3, 2), positions(5)), counted, "composite", { length: 64 });
    const twice = (...row: readonly number[]) => tensor([...row, ...row], [2, row.length], "int32");
    expectClose(await attend(encoding, twice(2, 3, 4), twice(0, 1, 2, 3, 4)), counted, "composite", { length: 64 });
  });

  test.each(cases)("%s: rows of a batch have positions of their own", async (_, encoding) => {
    const both = await attend(
      encoding,
      tensor([2, 3, 4, 3, 4, 5], [2, 3], "int32"),
      tensor([0, 1, 2, 3, 4, 0, 2, 3, 4, 5], [2, 5], "int32"),
    );
    const second = await attend(encoding, at(3, 4, 5), at(0, 2, 3, 4, 5));
    const half = (x: HostTensor) => exact(x.data.subarray(24), [1, 2, 3, 4]);
    expectClose(half(both), half(second), "composite", { length: 64 });
  });

  test.each(cases)("%s: one graph serves every batch and length", async (_, encoding) => {
    const [batch, length] = [dimension("batch"), dimension("length")];
    const input = (heads: number) => Tensor.input({ shape: [batch, heads, length, 4], dtype: "float32" });
    const x = Tensor.input({ shape: [batch, length, 8], dtype: "float32" });
    const inputs = [input(2), input(1), input(1), x];
    const parameters = values(encoding).map(({ shape, dtype }) => Tensor.input({ shape, dtype }));
    const output = attended(encoding, [...inputs, iota([length]), iota([length])], parameters);
    const executable = await backend.compile(graph([...inputs, ...parameters], [output]));
    for (const [rows, count] of [
      [2, 5],
      [1, 1],
    ] as const) {
      const tensors = [
        gaussian([rows, 2, count, 4], "q"),
        gaussian([rows, 1, count, 4], "k"),
        gaussian([rows, 1, count, 4], "v"),
        gaussian([rows, count, 8], "x"),
        ...values(encoding),
      ];
      const [result] = await runOn(backend, executable, [...inputs, ...parameters], tensors);
      const fixed = await run(
        backend,
        (q, k, v, own, p, ...weights) => attended(encoding, [q, k, v, own, p, p] as Tensor[], weights),
        ...(tensors.slice(0, 4) as [HostTensor, HostTensor, HostTensor, HostTensor]),
        positions(count),
        ...values(encoding),
      );
      expectClose(result as HostTensor, fixed, "composite", { length: 64 });
    }
    await executable.close();
  });
});

describe("ONNX Runtime agrees with the oracle far from the beginning", () => {
  const backends = useBackends();
  const unlimited = cases.filter(([, encoding]) => encoding.maximumPositions === undefined && encoding.bias);
  test.each(unlimited)("%s", async (_, encoding) => {
    const results = await Promise.all(
      backends().map((each) =>
        run(
          each,
          (q, k, ...parameters) =>
            encoding.bias?.({
              parameters: named(encoding, parameters as Tensor[]),
              query: q as Tensor,
              key: k as Tensor,
              heads: shape.heads,
            }) as Tensor,
          at(4097, 4098),
          at(0, 1, 4000, 4097, 4098),
          ...values(encoding),
        ),
      ),
    );
    const [oracle, other] = results as [HostTensor, HostTensor];
    expect(Math.max(...oracle.data.map(Math.abs))).toBeGreaterThan(0);
    expectClose(other, oracle, "composite", { length: 64 });
  });
});
