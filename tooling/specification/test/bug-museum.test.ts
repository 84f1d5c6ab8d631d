import { expectClose } from "@relpos/conformance";
import { gaussian, runOn } from "@relpos/conformance/cases";
import {
  constant,
  dimension,
  exactTensor,
  type HostTensor,
  iota,
  linear,
  positions,
  print,
  reshape,
  run,
  runAll,
  simplify,
  slice,
  type Tensor,
  tensor,
  trace,
} from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import {
  dualBase,
  dynamicNtk,
  longRope,
  type PositionEncoding,
  type RopeOptions,
  rope,
  ropeOptionsFromConfig,
  ropeParametersFromOptions,
  rotate,
  scaledRopeFrequencies,
} from "@relpos/core/encodings";
import { encodedAttention, encodedScores, type KeyValue, transformer } from "@relpos/core/nn";
import { describe, expect, test } from "vitest";
import { exact, largestDifference } from "../src/host-numbers.js";
import { namedAs } from "../src/parameters.js";
import { useBackends } from "./use-backends.js";

// One test, or a few, for each kind of bug that position encodings have had elsewhere (design notes, peers §1.8).

const backends = useBackends();
const oracle = (): Backend => backends()[0] as Backend;

const range = (length: number, from = 0): Tensor => constant(positions(length, from));

/** Visible scores [B, H, Q, K] of queries and keys at positions 0, 1, …. */
function scores(encoding: PositionEncoding, query: Tensor, key: Tensor): Tensor {
  const [queries, keys] = [query.shape[2] as number, key.shape[2] as number];
  const at = { queryPositions: range(queries, keys - queries), keyPositions: range(keys) };
  return encodedScores(query, key, { encoding, parameters: {}, ...at, causal: false, scale: 1 });
}

describe("half-split or interleaved: weights must be permuted", () => {
  const [heads, kvHeads, size, width, length] = [4, 2, 8, 16, 5];
  const x = gaussian([1, length, width], "x");
  const weights = { query: gaussian([heads * size, width], "query"), key: gaussian([kvHeads * size, width], "key") };

  /** Rows of each head in the order 0, 2, 4, …, 1, 3, 5, …: what turns an interleaved checkpoint into a half-split one. */
  const permuted = ({ data, shape }: HostTensor): HostTensor => {
    const rows = Array.from({ length: shape[0] as number }, (_, row) => {
      const [head, place] = [Math.floor(row / size), row % size];
      return head * size + (place < size / 2 ? 2 * place : 2 * place - size + 1);
    });
    return exactTensor(
      rows.flatMap((row) => [...data.subarray(row * width, (row + 1) * width)]),
      shape,
    );
  };
  const projected = (input: Tensor, weight: Tensor, count: number): Tensor =>
    reshape(linear(input, weight), [1, length, count, size]).transpose([0, 2, 1, 3]);
  const scoresOf = (options: RopeOptions, query: HostTensor, key: HostTensor) =>
    run(
      oracle(),
      (input, q, k) =>
        scores(
          rope(options),
          projected(input as Tensor, q as Tensor, heads),
          projected(input as Tensor, k as Tensor, kvHeads),
        ),
      x,
      query,
      key,
    );

  test("scores of one layout are those of the other with permuted rows, key heads by their own number", async () => {
    const interleaved = await scoresOf({ interleaved: true }, weights.query, weights.key);
    const halves = await scoresOf({}, permuted(weights.query), permuted(weights.key));
    expectClose(halves, interleaved, "composite", { length: width * size, magnitude: 10 });
  });

  test("and differ without", async () => {
    const interleaved = await scoresOf({ interleaved: true }, weights.query, weights.key);
    expect(largestDifference(await scoresOf({}, weights.query, weights.key), interleaved)).toBeGreaterThan(0.1);
  });

  test("partial rotation permutes the rows that turn, and no others", async () => {
    const vector = Array.from({ length: size }, (_, index) => index + 1);
    const order = [0, 2, 1, 3, 4, 5, 6, 7];
    const turned = rotate(vector, 3, { interleaved: true, share: 0.5 });
    const halves = rotate(
      order.map((place) => vector[place] as number),
      3,
      { share: 0.5 },
    );
    expectClose(
      exactTensor(halves, [size]),
      exactTensor(
        order.map((place) => turned[place] as number),
        [size],
      ),
      "exact",
    );
  });
});

describe("dynamic NTK with cached keys that were turned by an older base", () => {
  const [trained, length, size] = [6, 12, 8];
  const encoding = rope({ scaling: dynamicNtk({ factor: 2, originalMaximum: trained }) });
  const inputs = ["q", "k", "v"].map((name) => gaussian([1, 2, length, size], name)) as [
    HostTensor,
    HostTensor,
    HostTensor,
  ];

  /** The last row of attention at each length, with a cache that grows token by token, or anew each time. */
  const lastRows = (used: PositionEncoding, cached: boolean) =>
    runAll(
      oracle(),
      (q, k, v) => {
        let past: KeyValue | undefined;
        return Array.from({ length }, (_, index) => {
          const begin = cached ? index : 0;
          const piece = (x: unknown) => slice(x as Tensor, { 2: [begin, index + 1] });
          const { output, present } = encodedAttention(piece(q), piece(k), piece(v), {
            encoding: used,
            parameters: {},
            queryPositions: range(index + 1 - begin, begin),
            keyPositions: range(index + 1),
            past,
            causal: true,
            scale: 1,
          });
          past = cached ? present : undefined;
          return slice(output, { 2: [index - begin, index - begin + 1] });
        });
      },
      ...inputs,
    );

  test("decoding equals attention over the whole at every length", async () => {
    const [stepped, whole] = [await lastRows(encoding, true), await lastRows(encoding, false)];
    for (const [index, row] of stepped.entries()) {
      expectClose(row, whole[index] as HostTensor, "composite", { length, magnitude: 10 });
    }
  });

  test("which a cache of turned keys would not give past the trained length", async () => {
    expect(encoding.cache).toBe("raw-keys");
    const stale = await lastRows({ ...encoding, cache: "rotated-keys" }, true);
    const whole = await lastRows(encoding, false);
    const differences = stale.map((row, index) => largestDifference(row, whole[index] as HostTensor));
    for (const difference of differences.slice(0, trained)) expect(difference).toBeLessThan(1e-12);
    expect(differences[length - 1]).toBeGreaterThan(1e-3);
  });
});

describe("dynamic NTK's formula: constant, along the wrong axis, of the wrong scale", () => {
  const options: RopeOptions = { scaling: dynamicNtk({ factor: 2, originalMaximum: 4096 }) };
  const at = (length: number, size = 128) => scaledRopeFrequencies(size, options, length).frequencies;
  const rounded = (values: readonly (number | undefined)[]) => values.map((value) => Number(value?.toPrecision(6)));

  test("the base at 8192 of 4096 positions is 30527.74", () => {
    expect(rounded([at(8192)[1], at(8192)[32]])).toEqual([0.850994, 0.00572338]);
    const base = (at(8192)[1] as number) ** -64;
    expect(Number(base.toFixed(7))).toBe(30_527.7367488);
  });

  test("up to the trained length nothing changes, and past it every length has frequencies of its own", () => {
    const plain = scaledRopeFrequencies(128, {}, 0).frequencies;
    expect([...at(1)]).toEqual([...plain]);
    expect([...at(4096)]).toEqual([...plain]);
    const second = [4097, 8192, 16_384, 32_768].map((length) => at(length)[1] as number);
    expect(second).toEqual([...second].sort((a, b) => b - a));
    expect(new Set(second).size).toBe(4);
  });

  test("the exponent is that of the coordinates that turn", () => {
    const partial = scaledRopeFrequencies(128, { ...options, share: 0.5 }, 8192).frequencies;
    expect([...partial]).toEqual([...at(8192, 64)]);
  });

  test("the length is that of each row's positions, not of the batch, its heads or the piece at hand", async () => {
    const encoding = rope({ scaling: dynamicNtk({ factor: 2, originalMaximum: 8 }) });
    const query = gaussian([2, 3, 1, 8], "q");
    for (const backend of backends()) {
      const turned = await run(
        backend,
        (q, k, queryPositions, keyPositions) => {
          const places = { queryPositions: queryPositions as Tensor, keyPositions: keyPositions as Tensor };
          return encoding.transform?.({ parameters: {}, query: q as Tensor, key: k as Tensor, ...places })
            .query as Tensor;
        },
        query,
        gaussian([2, 3, 4, 8], "k"),
        tensor([5, 23], [2, 1], "int32"),
        tensor([2, 3, 4, 5, 20, 21, 22, 23], [2, 4], "int32"),
      );
      const expected = Array.from({ length: 6 }, (_, row) => {
        const vector = query.data.subarray(8 * row, 8 * row + 8);
        const options: RopeOptions = { scaling: dynamicNtk({ factor: 2, originalMaximum: 8 }) };
        return [...rotate(vector, row < 3 ? 5 : 23, options)];
      });
      expectClose(tensor(turned.data, turned.shape), tensor(expected.flat(), turned.shape), "composite", {
        length: 23,
        magnitude: 10,
      });
    }
  });
});

describe("rope_scaling became rope_parameters, and type became rope_type", () => {
  const beside = { rope_theta: 500_000, max_position_embeddings: 131_072 };
  const scalings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    linear: { factor: 4 },
    dynamic: { factor: 2 },
    yarn: { factor: 4, original_max_position_embeddings: 32_768, beta_fast: 16, truncate: false },
    llama3: { factor: 8, original_max_position_embeddings: 8192, low_freq_factor: 1, high_freq_factor: 4 },
    longrope: {
      factor: 32,
      original_max_position_embeddings: 4096,
      short_factor: [1, 1, 1, 1.5],
      long_factor: [1, 2, 4, 8],
    },
  };
  const plainOf = (options: RopeOptions) => ({
    ...options,
    scaling: { kind: options.scaling?.kind, ...options.scaling?.settings },
  });

  test.each(Object.entries(scalings))("%s is read alike in each form, and written in the new one", (type, fields) => {
    const forms = [
      { ...beside, rope_scaling: { type, ...fields } },
      { ...beside, rope_scaling: { rope_type: type, ...fields } },
      { max_position_embeddings: 131_072, rope_parameters: { rope_type: type, rope_theta: 500_000, ...fields } },
    ].map((config) => ropeOptionsFromConfig(config));
    const [first, ...others] = forms.map(plainOf);
    for (const other of others) expect(other).toEqual(first);
    expect(first?.scaling.kind).toBe(type);
    expect(first?.base).toBe(500_000);
    const written = ropeParametersFromOptions(forms[0] as RopeOptions);
    expect(written).toMatchObject({ rope_type: type, rope_theta: 500_000, ...fields });
    const maximum = type === "dynamic" ? {} : { max_position_embeddings: 131_072 };
    expect(plainOf(ropeOptionsFromConfig({ ...maximum, rope_parameters: written }))).toEqual(first);
  });

  test("su is longrope, and an unknown type is refused, not ignored", () => {
    const config = { ...beside, rope_scaling: { type: "su", ...scalings.longrope } };
    expect(ropeOptionsFromConfig(config).scaling?.kind).toBe("longrope");
    expect(() => ropeOptionsFromConfig({ rope_parameters: { rope_type: "yarm" } })).toThrow("got yarm");
  });
});

describe("LongRoPE's switch lost, or folded away when the graph is made", () => {
  const trained = 4;
  const scaling = longRope({ factor: 4, originalMaximum: trained, shortFactors: [1, 1.5], longFactors: [2, 8] });

  test("one graph, compiled once for any length, has short factors up to the trained length and long ones above", async () => {
    const length = dimension("length");
    const graph = trace(
      (x) => {
        const at = iota([length]);
        const context = { parameters: {}, query: x, key: x, queryPositions: at, keyPositions: at };
        return rope({ scaling }).transform(context).query;
      },
      { shape: [1, 1, length, 4], dtype: "float32" },
    );
    for (const backend of backends()) {
      const executable = await backend.compile(graph);
      for (const own of [trained - 1, trained, trained + 1, 3 * trained, 2]) {
        const x = gaussian([1, 1, own, 4], own);
        const [turned] = await runOn(backend, executable, graph.inputs, [x]);
        const rows = Array.from({ length: own }, (_, p) => [
          ...rotate(x.data.subarray(4 * p, 4 * p + 4), p, { scaling }, own),
        ]);
        const actual = tensor((turned as HostTensor).data, x.shape);
        expectClose(actual, tensor(rows.flat(), x.shape), "composite", { length: 4, magnitude: 10 });
      }
      await executable.close();
    }
  });

  test("both sets differ, and the factor on cosines and sines holds for both", () => {
    const [short, long] = [trained, trained + 1].map((length) => scaledRopeFrequencies(4, { scaling }, length));
    expect([...(short?.frequencies ?? [])]).not.toEqual([...(long?.frequencies ?? [])]);
    expectClose(exact([short?.attentionFactor as number]), exact([Math.SQRT2]), "arithmetic");
    expect(long?.attentionFactor).toBe(short?.attentionFactor);
  });
});

describe("two thetas in one model", () => {
  const gemma3 = {
    rope_theta: 1_000_000,
    rope_local_base_freq: 10_000,
    rope_scaling: { rope_type: "linear", factor: 8 },
    max_position_embeddings: 131_072,
  };

  test("Gemma 3's configuration gives the local base without scaling to sliding layers only", () => {
    const [global, local] = ["full_attention", "sliding_attention"].map((type) => ropeOptionsFromConfig(gemma3, type));
    expect([global?.base, global?.scaling?.kind]).toEqual([1_000_000, "linear"]);
    expect([local?.base, local?.scaling]).toEqual([10_000, undefined]);
    const nested = {
      rope_parameters: {
        full_attention: { rope_type: "linear", factor: 8, rope_theta: 1_000_000 },
        sliding_attention: { rope_type: "default", rope_theta: 10_000 },
      },
    };
    for (const [type, options] of [
      ["full_attention", global],
      ["sliding_attention", local],
    ] as const) {
      const { base, scaling } = ropeOptionsFromConfig(nested, type);
      expect([base, scaling?.kind]).toEqual([options?.base, options?.scaling?.kind]);
    }
  });

  test("every sixth layer has the global base, the others the local one", () => {
    const schedule = dualBase({ every: 6, global: 1e6, local: 1e4 });
    const bases = Array.from({ length: 12 }, (_, layer) => schedule(layer, 12).settings.base);
    expect(bases).toEqual([1e4, 1e4, 1e4, 1e4, 1e4, 1e6, 1e4, 1e4, 1e4, 1e4, 1e4, 1e6]);
  });

  test("a model's layers use their own: exchanging the bases changes its output", async () => {
    const sizes = { vocabulary: 5, layers: 2, width: 8, heads: 2, initialDeviation: 0.5 } as const;
    const logits = (first: number, second: number) => {
      const bases = [rope({ base: first }), rope({ base: second })];
      const model = transformer({ ...sizes, position: (layer) => bases[layer] as PositionEncoding });
      const weights = Object.entries(model.parameters).map(([name, { shape }]) => gaussian(shape, name));
      return run(
        oracle(),
        (ids, ...values) => model.forward(namedAs(model.parameters, values), { tokens: ids as Tensor }).logits,
        tensor([1, 2, 3, 4, 0, 1, 2, 3], [1, 8], "int32"),
        ...weights,
      );
    };
    const [both, swapped, alike] = [await logits(1e4, 10), await logits(10, 1e4), await logits(1e4, 1e4)];
    expect(largestDifference(both, swapped)).toBeGreaterThan(1e-3);
    expect(largestDifference(both, alike)).toBeGreaterThan(1e-3);
  });
});

describe("RoPE's table computed anew at every step, or for the whole head where a part turns", () => {
  const partial = rope({ share: 0.5 });
  const turn = (x: Tensor, at: Tensor): Tensor =>
    partial.transform({ query: x, key: x, queryPositions: at, keyPositions: at }).key;

  test("tables are constants, made once: no graph takes a sine or cosine, unless its base is not known before a run", () => {
    const own = { shape: [1, 2, 3, 8], dtype: "float32" } as const;
    const any = { shape: [1, 2, dimension("length"), 8], dtype: "float32" } as const;
    const graphs = [
      trace((x) => turn(x, range(3)), own),
      trace((x, at) => turn(x, at), own, { shape: [3], dtype: "int32" }),
      trace((x) => turn(x, iota([dimension("length")])), any),
    ];
    const angles = /\b(sin|cos)\b/;
    for (const graph of graphs) expect(print(simplify(graph))).not.toMatch(angles);
    const byLength = rope({ scaling: dynamicNtk({ originalMaximum: 2 }) });
    const unknown = trace((x) => {
      const at = iota([dimension("length")]);
      return byLength.transform({ query: x, key: x, queryPositions: at, keyPositions: at }).key;
    }, any);
    expect(print(simplify(unknown))).toMatch(angles);
  });

  test("a part of the head turns by frequencies of its own size, the rest stays bit for bit", async () => {
    const x = gaussian([1, 1, 3, 8]);
    for (const backend of backends()) {
      const turned = await run(backend, (values, at) => turn(values as Tensor, at as Tensor), x, positions(3, 7));
      for (const row of [0, 1, 2]) {
        const [from, to] = [x, turned].map(({ data }) => data.subarray(8 * row, 8 * row + 8)) as [
          Float64Array,
          Float64Array,
        ];
        expect([...to.subarray(4)]).toEqual(
          [...from.subarray(4)].map((value) => (backend === oracle() ? value : Math.fround(value))),
        );
        const part = rotate(from.subarray(0, 4), 7 + row);
        expectClose(tensor(to.subarray(0, 4), [4]), tensor(part, [4]), "composite", { magnitude: 10 });
      }
    }
  });
});
