import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian, integers } from "@relpos/conformance/cases";
import { constant, exactTensor, type HostTensor, positions, run, type Tensor } from "@relpos/core";
import {
  bertRelative,
  conformer,
  deberta,
  debertaBucket,
  debertaRow,
  inkling,
  inklingTemperature,
  learned,
  music,
  none,
  type PositionEncoding,
  shaw,
  shawRow,
  transformerXl,
  tupe,
  xlnet,
} from "@relpos/core/encodings";
import { encodedAttention, encodedScores, transformer } from "@relpos/core/nn";
import { afterAll, describe, expect, test } from "vitest";
import { checkGradients } from "../../src/check-gradients.js";
import { namedAs } from "../../src/parameters.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

const shape = { width: 8, layers: 1, heads: 2, kvHeads: 1, headSize: 4 };

/** Tensors for the parameters that an encoding has, away from their initial values, so that none is without effect. */
function weightsOf(encoding: PositionEncoding): Readonly<Record<string, HostTensor>> {
  const specs = Object.entries(encoding.parameters?.(shape) ?? {});
  return Object.fromEntries(specs.map(([name, spec]) => [name, gaussian(spec.shape, name)]));
}

interface Case {
  readonly encoding: PositionEncoding;
  readonly weights?: Readonly<Record<string, HostTensor>>;
  /** Positions as constants, or as inputs of the graph. */
  readonly given: "constants" | "inputs";
  readonly query: HostTensor;
  readonly key: HostTensor;
  readonly causal?: boolean;
}

const tensors = {
  q: gaussian([2, 2, 3, 4], "q"),
  k: gaussian([2, 1, 5, 4], "k"),
  v: gaussian([2, 1, 5, 4], "v"),
  x: gaussian([2, 3, 8], "x"),
  segments: exactTensor([0, 0, 1, 1, 0, 1, 0, 0, 0, 1], [2, 5, 1]),
};

type Values = readonly [
  q: Tensor,
  k: Tensor,
  v: Tensor,
  x: Tensor,
  state: Tensor,
  query: Tensor,
  key: Tensor,
  ...Tensor[],
];

const inputsOf = ({ encoding, weights = weightsOf(encoding), query, key }: Case): readonly HostTensor[] => {
  return [...Object.values(tensors), query, key, ...Object.values(weights)];
};

/** Scores and output of a case, from its inputs as tensors. */
const attended =
  ({ encoding, weights = weightsOf(encoding), given, query, key, causal = false }: Case) =>
  (...inputs: readonly Tensor[]): readonly [Tensor, Tensor] => {
    const [q, k, v, x, state, queryInput, keyInput, ...rest] = inputs as Values;
    const [queryPositions, keyPositions] =
      given === "constants" ? [constant(query), constant(key)] : [queryInput, keyInput];
    const parameters = namedAs(weights, rest);
    const options = { encoding, parameters, queryPositions, keyPositions, x, state, causal, scale: 0.5 };
    return [encodedScores(q, k, options), encodedAttention(q, k, v, options).output];
  };

const scoresOf = (given: Case): Promise<HostTensor> =>
  run(backend, (...x) => attended(given)(...(x as Tensor[]))[0], ...inputsOf(given));

/** Queries at 2, 3, 4 and keys at 0 … 4, all shifted. */
const at = (shift = 0) => ({ query: positions(3, 2 + shift), key: positions(5, shift) });
const context = { length: 32, magnitude: 64 };

const encodings: Readonly<Record<string, PositionEncoding>> = {
  shaw: shaw({ left: 2, right: 1, terms: ["query", "key", "value"] }),
  "shaw, none outside": shaw({ left: 2, right: 1, terms: ["query", "value"], outside: "none", tables: "perHead" }),
  bertRelative: bertRelative({ maximumPositions: 6, type: "relative_key_query" }),
  music: music({ distances: 3, tables: "perHead" }),
  transformerXl: transformerXl(),
  "transformerXl, clamped": transformerXl({ clampLength: 2 }),
  conformer: conformer(),
  xlnet: xlnet({ segments: "state" }),
  "deberta v1": deberta({ span: 3, buckets: "none" }),
  "deberta v2": deberta({ span: 4, maximumDistance: 8 }),
  "deberta, direct, c2p": deberta({ span: 4, maximumDistance: 8, tables: "direct", terms: ["c2p"] }),
  inkling: inkling({ extent: 3, relativeSize: 3, projectionBias: true }),
};

const withAbsolute: Readonly<Record<string, PositionEncoding>> = {
  tupe: tupe({ maximumPositions: 12, cls: "untied" }),
  "inkling, log scaling": inkling({ extent: 3, logScaling: { floor: 2 } }),
};

describe("hooks", () => {
  test.each(Object.entries(encodings))(
    "%s: positions as ranges, as inputs and for each row give equal scores",
    async (_, encoding) => {
      const range = await scoresOf({ encoding, given: "constants", ...at() });
      const { query, key } = at();
      const rows = {
        query: integers([...query.data, ...query.data], [2, 3]),
        key: integers([...key.data, ...key.data], [2, 5]),
      };
      expectClose(await scoresOf({ encoding, given: "inputs", ...at() }), range, "composite", context);
      expectClose(await scoresOf({ encoding, given: "inputs", ...rows }), range, "composite", context);
    },
  );

  test.each(Object.entries(encodings))("%s: scores depend on differences of positions only", async (_, encoding) => {
    const [here, there] = [at(), at(1000)];
    expectClose(
      await scoresOf({ encoding, given: "constants", ...there }),
      await scoresOf({ encoding, given: "constants", ...here }),
      "composite",
      context,
    );
  });

  test.each(Object.entries(withAbsolute))("%s: scores do not depend on differences only", async (_, encoding) => {
    const [here, there] = await Promise.all(
      [0, 3].map((shift) => scoresOf({ encoding, given: "constants", ...at(shift) })),
    );
    expect(() => expectClose(there as HostTensor, here as HostTensor, "goldenSingle")).toThrow("disagree");
  });

  // With positions as ranges: test/models.test.ts, for every entry of the catalogue.
  test.each(Object.entries({ ...encodings, ...withAbsolute }))("%s: gradients of attention", async (_, encoding) => {
    const one: Case = { encoding, given: "inputs", ...at() };
    const [q, k, v, x, , ...rest] = inputsOf(one) as [HostTensor, HostTensor, HostTensor, HostTensor, ...HostTensor[]];
    // Segments are compared for equality and have no gradient.
    const segments = constant(tensors.segments);
    await checkGradients(backend, {
      f: (...inputs) => attended(one)(...inputs.slice(0, 4), segments, ...inputs.slice(4))[1],
      inputs: [q, k, v, x, ...rest],
    });
  });
});

describe("shaw", () => {
  test("rows are those of clip(j − i, −k, k) + k, falling for BERT", () => {
    expect([-9, -2, 0, 1, 9].map((distance) => shawRow(distance, { left: 2 }))).toEqual([0, 0, 2, 3, 4]);
    expect([-9, 0, 9].map((distance) => shawRow(distance, { left: 3, right: 1, order: "query − key" }))).toEqual([
      4, 1, 0,
    ]);
    expect([-3, -2, 1, 2].map((distance) => shawRow(distance, { left: 2, right: 1, outside: "none" }))).toEqual([
      4, 0, 3, 4,
    ]);
  });

  test("without clipping is BERT's relative_key with the table reversed, and music's for earlier keys", async () => {
    const table = gaussian([9, 4], "table");
    const reversed = exactTensor(
      Array.from({ length: 9 }, (_, row) => [...table.data.slice(4 * (8 - row), 4 * (9 - row))]).flat(),
      [9, 4],
    );
    const early = exactTensor(table.data.slice(0, 20), [5, 4]);
    const scores = (encoding: PositionEncoding, weight: HostTensor) => {
      return scoresOf({ encoding, weights: { weight }, given: "constants", ...at() });
    };
    const expected = await scores(shaw({ left: 4, terms: ["query"] }), table);
    expectClose(await scores(bertRelative({ maximumPositions: 5 }), reversed), expected, "composite", context);
    const visible = (value: HostTensor) => {
      return exactTensor(
        value.data.map((x, index) => (index % 5 <= (Math.floor(index / 5) % 3) + 2 ? x : 0)) as Float64Array,
        value.shape,
      );
    };
    expectClose(visible(await scores(music({ distances: 5 }), early)), visible(expected), "composite", context);
  });

  test("with tables of zeros is no encoding", async () => {
    const encoding = encodings.shaw as PositionEncoding;
    const weights = {
      weight: exactTensor(new Float64Array(16), [4, 4]),
      value: exactTensor(new Float64Array(16), [4, 4]),
    };
    const [one, other] = [
      { encoding, weights },
      { encoding: none(), weights: {} },
    ].map((x) => ({ ...x, given: "constants" as const, ...at() }));
    const output = (given: Case) => run(backend, (...x) => attended(given)(...(x as Tensor[]))[1], ...inputsOf(given));
    expectClose(await output(one as Case), await output(other as Case), "composite", context);
  });

  test("wrong windows are refused with the rule and the value", () => {
    expect(() => shaw({ left: -1 })).toThrow("[shaw] a side of the window must be whole, got -1");
    expect(() => shaw({ terms: [] })).toThrow("[shaw] terms must name a query, key or value, got none");
  });
});

describe("deberta", () => {
  const bucket = (distance: number) => debertaBucket(distance, 256, 512);
  const distances = [...Array(1200).keys()];

  test("buckets are those of encodings.md §3.8", () => {
    expect([127, 128, 129, 511, 512, 1024].map(bucket)).toEqual([127, 128, 129, 255, 256, 319]);
    expect([64, 65, 66, 67].map((n) => debertaBucket(n, 128, 512))).toEqual([64, 65, 65, 66]);
  });

  test("buckets are odd, rising, the distance itself up to the middle, and below B for distances below M", () => {
    expect(distances.map((n) => bucket(-n) + bucket(n))).toEqual(distances.map(() => 0));
    expect(distances.slice(1).every((n) => bucket(n) >= bucket(n - 1))).toBe(true);
    expect(distances.slice(0, 129).map(bucket)).toEqual(distances.slice(0, 129));
    expect(distances.slice(0, 512).every((n) => bucket(n) <= 255)).toBe(true);
  });

  test("Microsoft's code never uses row 0, Hugging Face's does for keys M and more ahead", () => {
    const rows = (buckets: "transformers" | "microsoft") => [511, 512, 5000].map((n) => debertaRow(n, { buckets }));
    expect(rows("transformers")).toEqual([1, 0, 0]);
    expect(rows("microsoft")).toEqual([1, 1, 1]);
    expect(debertaRow(-5000)).toBe(511);
    expect(debertaRow(0)).toBe(256);
  });

  test("without position terms' tables is attention scaled by 1/√(3d)", async () => {
    const weights = {
      positionKey: exactTensor(new Float64Array(48), [6, 8]),
      positionQuery: exactTensor(new Float64Array(48), [6, 8]),
    };
    const scores = await scoresOf({
      encoding: deberta({ span: 3, buckets: "none", tables: "direct" }),
      weights,
      given: "constants",
      ...at(),
    });
    const plain = await scoresOf({ encoding: none(), given: "constants", ...at() });
    expectClose(
      scores,
      exactTensor(plain.data.map((x) => x / Math.sqrt(3)) as Float64Array, plain.shape),
      "composite",
      context,
    );
  });
});

describe("inkling", () => {
  test("with equal states is a trained bias of the distance, and 0 outside the extent", async () => {
    const encoding = inkling({ extent: 3, relativeSize: 1, projectionBias: true });
    const bank = [0.5, -1, 2];
    const weights = {
      weight: exactTensor(new Float64Array(16), [2, 8]),
      bias: exactTensor([1, 10], [2]),
      bank: exactTensor(bank, [1, 3]),
    };
    const scores = await scoresOf({ encoding, weights, given: "constants", ...at() });
    const plain = await scoresOf({ encoding: none(), given: "constants", ...at() });
    const expected = plain.data.map((product, index) => {
      const [key, query, head] = [index % 5, Math.floor(index / 5) % 3, Math.floor(index / 15) % 2];
      return product + (head === 0 ? 1 : 10) * (bank[query + 2 - key] ?? 0);
    });
    expectClose(scores, exactTensor(expected as Float64Array, plain.shape), "composite", context);
  });

  test("temperature is 1 up to the floor, then 1 + α·ln((i + 1)/floor), as graph and on the host", async () => {
    const { temperature } = inkling({ extent: 1, logScaling: { floor: 4, alpha: 0.2 } });
    const found = await run(
      backend,
      (p) => temperature?.({ parameters: {} as never, query: p as Tensor, key: p as Tensor, heads: 2 }) as Tensor,
      integers([0, 3, 7], [3]),
    );
    const expected = [0, 3, 7].map((position) => inklingTemperature(position, 4, 0.2));
    expect(expected).toEqual([1, 1, 1 + 0.2 * Math.log(2)]);
    expectClose(found, exactTensor(expected, [1, 1, 3, 1]), "composite");
  });
});

describe("tupe", () => {
  test("untied [CLS] has one number for its row and one for its column", async () => {
    const encoding = tupe({ maximumPositions: 4, cls: "untied" });
    const weights = weightsOf(encoding);
    const [row, column] = [weights.cls?.data[0], weights.cls?.data[2]] as [number, number];
    const bias = await run(
      backend,
      (p, ...w) => {
        const parameters = namedAs(weights, w) as never;
        return encoding.bias({ parameters, query: p as Tensor, key: p as Tensor, heads: 2 });
      },
      positions(3),
      ...Object.values(weights),
    );
    expect([...bias.data.slice(0, 3)]).toEqual([row, row, row]);
    expect([bias.data[3], bias.data[6]]).toEqual([column, column]);
  });
});

test("xlnet: segments that are all the same leave attention unchanged, as each row gains one number", async () => {
  const encoding = xlnet({ segments: "state" });
  const weights = weightsOf(encoding);
  const same = constant(exactTensor(new Float64Array(10), [2, 5, 1]));
  const output = (given: Case) => {
    return run(
      backend,
      (...x) => {
        const [q, k, v, input, , ...rest] = x as Tensor[];
        return attended(given)(q as Tensor, k as Tensor, v as Tensor, input as Tensor, same, ...rest)[1];
      },
      ...inputsOf(given),
    );
  };
  const { segmentBias: _, segments: __, ...others } = weights;
  const expected = await output({ encoding: xlnet(), weights: others, given: "constants", ...at() });
  expectClose(await output({ encoding, weights, given: "constants", ...at() }), expected, "composite", context);
});

test("parameters are one set for the model or for each layer, as each says", () => {
  const names = (position: PositionEncoding) => {
    const model = transformer({ vocabulary: 5, layers: 2, width: 8, heads: 2, position });
    return Object.keys(model.parameters).filter((name) => name.includes("position"));
  };
  expect(names(transformerXl())).toEqual([
    "layers.0.position.weight",
    "position.transformer-xl.contentBias",
    "position.transformer-xl.positionBias",
    "layers.1.position.weight",
  ]);
  expect(names(deberta({ terms: ["c2p"] }))).toEqual([
    "position.deberta.table",
    "layers.0.position.keyWeight",
    "layers.1.position.keyWeight",
  ]);
  expect(names(learned({ maximumPositions: 4 }))).toEqual(["position.learned.weight"]);
});
