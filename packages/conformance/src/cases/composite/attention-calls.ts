import {
  attend,
  attention,
  type Dim,
  type DType,
  dimension,
  type HostTensor,
  rotaryEmbedding,
  type Tensor,
  tensor,
} from "@relpos/core";
import { type Shape, values, within } from "../primitive/values.js";
import { printShapes } from "../print-shapes.js";
import { allOutputs, type CompositeCall, halfToo, product, single } from "./composite-call.js";
import type { CompositeName } from "./composite-name.js";

const small = within(-1, 1);
const [batchSize, length, past] = [dimension("batch"), dimension("length"), dimension("past")];

interface Rotation {
  readonly interleaved: boolean;
  readonly batch: number;
  /** Batch of the tables: 1, or each row its own. */
  readonly tables: number;
  readonly size: number;
  readonly half: number;
}

function rotated({ interleaved, batch, tables, size, half }: Rotation): CompositeCall {
  const [x, table] = [
    [batch, 3, 5, size],
    [tables, 5, half],
  ] as const;
  return {
    details: `${printShapes([x, table])} ${interleaved ? "interleaved" : "halves"}`,
    dtypes: halfToo,
    quick: false,
    length: 2,
    magnitude: 2,
    inputs: (dtype) => [values(x, dtype, 1), small(table, dtype, 2), small(table, dtype, 3)],
    f: ([input, cos, sin]) => [rotaryEmbedding(input as Tensor, cos as Tensor, sin as Tensor, { interleaved })],
  };
}

/** All turned, part of it turned, an odd rest; tables for all rows or for each. */
const rotations = [
  { batch: 2, tables: 1, size: 8, half: 4 },
  { batch: 2, tables: 2, size: 8, half: 4 },
  { batch: 1, tables: 1, size: 16, half: 2 },
  { batch: 2, tables: 1, size: 10, half: 3 },
  { batch: 2, tables: 2, size: 7, half: 3 },
  { batch: 1, tables: 1, size: 2, half: 1 },
];

type Part = "output" | "probabilities";

const attended = (scores: Shape, keyed: Shape, parts: readonly Part[]): CompositeCall => ({
  details: `${printShapes([scores, keyed])} ${parts.join(" and ")}`,
  dtypes: single,
  quick: false,
  length: scores.at(-1) as number,
  magnitude: 2,
  inputs: (dtype) => [within(-20, 20)(scores, dtype, 1), values(keyed, dtype, 2)],
  f: ([x, y]) => {
    const both = attend(x as Tensor, y as Tensor);
    return parts.map((part) => both[part]);
  },
});

interface Attention {
  readonly queries: number;
  readonly keys: number;
  readonly past?: number | undefined;
  readonly causal?: boolean;
  readonly window?: number | undefined;
  readonly softcap?: number | undefined;
  readonly scale?: number;
  /** Shapes. */
  readonly bias?: Shape | undefined;
  readonly mask?: Shape | undefined;
  readonly batch?: number;
  readonly heads?: number;
  readonly kvHeads?: number;
  readonly size?: number;
  readonly valueSize?: number;
  /** Whether keys and values with the past before them are asked for too. */
  readonly present?: boolean;
}

/** A mask that hides about a third, and everything from the first row or from the last batch. */
function visible(shape: Shape): HostTensor {
  const { data } = small(shape, "float32", 5);
  const hidden = (i: number) =>
    shape.length === 4 ? i >= data.length / 2 && (shape[0] as number) > 1 : i < (shape.at(-1) as number);
  return tensor(
    Array.from(data, (x, i) => (x > -0.3 && !hidden(i) ? 1 : 0)),
    shape,
    "bool",
  );
}

function attentionCall(given: Attention, names?: { readonly shapes: readonly (readonly Dim[])[] }): CompositeCall {
  const { queries, keys, bias, mask, causal = false, window, softcap, scale, batch = 2, kvHeads = 2 } = given;
  const { heads = 4, size = 8, valueSize = size, present = true } = given;
  const attributes = [
    `${queries}×${keys}`,
    given.past !== undefined && `past ${given.past}`,
    causal && (window === undefined ? "causal" : `window ${window}`),
    softcap !== undefined && `softcap ${softcap}`,
    scale !== undefined && `scale ${scale}`,
    bias && `bias ${printShapes([bias])}`,
    mask && `mask ${printShapes([mask])}`,
    `batch ${batch}, heads ${heads}/${kvHeads}, size ${size === valueSize ? size : `${size}/${valueSize}`}`,
    !present && "output only",
  ];
  const pastShape = (own: number): Shape => [batch, kvHeads, given.past ?? 0, own];
  const inputs = (dtype: DType): readonly HostTensor[] => [
    small([batch, heads, queries, size], dtype, 1),
    small([batch, kvHeads, keys, size], dtype, 2),
    small([batch, kvHeads, keys, valueSize], dtype, 3),
    ...(bias ? [small(bias, dtype, 4)] : []),
    ...(mask ? [visible(mask)] : []),
    ...(given.past === undefined ? [] : [small(pastShape(size), dtype, 6), small(pastShape(valueSize), dtype, 7)]),
  ];
  return {
    details: attributes.filter(Boolean).join(", "),
    dtypes: single,
    others: ["int32", "bool"],
    quick: false,
    length: Math.max(size, keys + (given.past ?? 0)),
    magnitude: 2,
    inputs,
    ...names,
    f: ([query, key, value, ...rest]) => {
      const next = (there: boolean) => (there ? rest.shift() : undefined);
      const extra = { bias: next(bias !== undefined), mask: next(mask !== undefined) };
      const [pastKey, pastValue] = [next(given.past !== undefined), next(given.past !== undefined)];
      const earlier = pastKey && pastValue ? { key: pastKey, value: pastValue } : undefined;
      const options = { ...extra, past: earlier, causal, window, softcap, scale };
      const { output } = attention(query as Tensor, key as Tensor, value as Tensor, options);
      return present ? allOutputs(output) : [output];
    },
  };
}

const lengths = [
  { queries: 5, keys: 5, past: undefined },
  { queries: 5, keys: 5, past: 3 },
  { queries: 5, keys: 5, past: 0 },
  { queries: 1, keys: 1, past: 6 },
  { queries: 3, keys: 7, past: undefined },
  { queries: 7, keys: 3, past: undefined },
];
const sights = [{ causal: false }, { causal: true }, { causal: true, window: 2 }];
const caps = [undefined, 1.5];
const groups = [
  { batch: 2, kvHeads: 2 },
  { batch: 1, kvHeads: 4 },
];
const heads = 4;
/** Shapes of what is added and what is hidden, for so many queries and keys. */
const extras = (batch: number, queries: number, total: number) => [
  {},
  { bias: [1, heads, queries, total] },
  { bias: [heads, 1, total] },
  { mask: [batch, 1, 1, total] },
  { bias: [batch, heads, queries, total], mask: [queries, total] },
];

const combinations: readonly Attention[] = product(lengths, sights, caps, groups).flatMap(
  ([lengths, sight, softcap, group]) => {
    const total = lengths.keys + (lengths.past ?? 0);
    // Causal attention is defined where there are at least as many keys as queries.
    if (sight.causal && total < lengths.queries) return [];
    return extras(group.batch, lengths.queries, total).map((extra) => ({
      ...lengths,
      ...sight,
      softcap,
      ...group,
      ...extra,
    }));
  },
);

/** So long that backends choose other kernels. */
const long: Attention = { queries: 520, keys: 520, causal: true, batch: 1, heads: 2, kvHeads: 1 };

/** Long sequences, and sizes and options that the combinations do not have. */
const others: readonly Attention[] = [
  long,
  { ...long, window: 70, softcap: 1.5, bias: [1, 2, 520, 520] },
  { ...long, softcap: 1.5, bias: [2, 1, 520] },
  { ...long, window: 2, batch: 2, heads: 1 },
  { ...long, size: 6, valueSize: 10 },
  { ...long, past: 8 },
  { ...long, causal: false },
  { queries: 5, keys: 5, causal: true, size: 7, valueSize: 5 },
  { queries: 5, keys: 5, size: 6, valueSize: 10, past: 2 },
  { queries: 5, keys: 5, scale: 0.3 },
  { queries: 5, keys: 5, causal: true, kvHeads: 1 },
  { queries: 5, keys: 5, causal: true, present: false },
  { queries: 5, keys: 5, past: 3, causal: true, present: false },
  { queries: 1, keys: 1, causal: true },
];

/** In the quick set: each option once. */
const quickly: readonly Attention[] = [
  { queries: 4, keys: 4 },
  { queries: 4, keys: 4, causal: true, kvHeads: 4 },
  { queries: 4, keys: 4, causal: true, window: 2, softcap: 1.5 },
  { queries: 4, keys: 4, causal: true, bias: [1, heads, 4, 4] },
  { queries: 4, keys: 4, mask: [2, 1, 1, 4] },
  { queries: 1, keys: 1, past: 5, causal: true },
];

const unnamed: Attention = { queries: 3, keys: 3, past: 4, causal: true };

/** Calls of attention and of what belongs to it. */
export const attentionCalls = {
  rotaryEmbedding: [
    ...product([false, true], rotations).map(
      ([interleaved, rotation], index): CompositeCall => ({
        ...rotated({ interleaved, ...rotation }),
        quick: index % rotations.length === 0 || index % rotations.length === 3,
      }),
    ),
    {
      ...rotated({ interleaved: false, batch: 2, tables: 2, size: 8, half: 4 }),
      details: "named sizes",
      shapes: [
        [batchSize, 3, length, 8],
        [batchSize, length, 4],
        [batchSize, length, 4],
      ],
    },
  ],
  attend: [
    { ...attended([2, 3, 4], [2, 4, 5], ["output"]), quick: true },
    attended([2, 3, 4], [2, 4, 5], ["probabilities"]),
    { ...attended([2, 3, 4], [2, 4, 5], ["output", "probabilities"]), quick: true },
    attended([3, 4], [4, 5], ["output", "probabilities"]),
    attended([2, 4, 3, 6], [2, 4, 6, 5], ["output", "probabilities"]),
    attended([2, 1, 3, 6], [4, 6, 5], ["output"]),
    attended([0, 3, 4], [0, 4, 5], ["output"]),
    attended([2, 40, 300], [2, 300, 16], ["output", "probabilities"]),
    {
      ...attended([2, 3, 4], [2, 4, 5], ["output", "probabilities"]),
      details: "named sizes",
      shapes: [
        [batchSize, 3, length],
        [batchSize, length, 5],
      ],
    },
  ],
  attention: [
    ...quickly.map((given): CompositeCall => ({ ...attentionCall(given), dtypes: halfToo, quick: true })),
    ...[...combinations, ...others].map((given) => attentionCall(given)),
    {
      ...attentionCall(unnamed, {
        shapes: [
          [batchSize, heads, length, 8],
          [batchSize, 2, length, 8],
          [batchSize, 2, length, 8],
          [batchSize, 2, past, 8],
          [batchSize, 2, past, 8],
        ],
      }),
      details: "named sizes",
    },
    {
      ...attentionCall(
        { ...unnamed, batch: 1, window: 2 },
        {
          shapes: [
            [1, heads, length, 8],
            [1, 2, length, 8],
            [1, 2, length, 8],
            [1, 2, past, 8],
            [1, 2, past, 8],
          ],
        },
      ),
      details: "named sizes, window, one row",
    },
  ],
} as const satisfies Partial<Record<CompositeName, readonly CompositeCall[]>>;
