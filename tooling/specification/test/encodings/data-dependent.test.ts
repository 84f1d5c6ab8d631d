import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { gaussian, runOn } from "@relpos/conformance/cases";
import {
  concat,
  constant,
  dimension,
  graph,
  type HostTensor,
  positions,
  run,
  slice,
  Tensor,
  tensor,
} from "@relpos/core";
import {
  cable,
  cope,
  dape,
  fox,
  grapeAdditive,
  grapePath,
  type PositionEncoding,
  path,
  stickBreaking,
  wall,
} from "@relpos/core/encodings";
import { encodedAttention, type KeyValue, type Named } from "@relpos/core/nn";
import { afterAll, describe, expect, test } from "vitest";
import { checkGradients } from "../../src/check-gradients.js";
import { movedParameters, namedAs } from "../../src/parameters.js";
import { useBackends } from "../use-backends.js";

const backend = createReferenceBackend();
afterAll(() => backend.close());

const shape = { width: 6, layers: 1, heads: 4, kvHeads: 2, headSize: 3 } as const;
const length = 5;

const encodings: Readonly<Record<string, PositionEncoding>> = {
  fox: fox(),
  "fox with time constants": fox({ timeConstants: [2, 64] }),
  cable: cable(),
  cope: cope({ positions: 3 }),
  "cope, unscaled gates": cope({ positions: 8, gates: "unscaled" }),
  dape: dape({ hidden: 3 }),
  "dape v2": dape({ kernel: 3, hidden: 3 }),
  path: path({ rank: 2 }),
  "path without convolution": path({ kernel: 1 }),
  "path by blocks, gated": path({ gated: true, block: 2 }),
  "stick-breaking": stickBreaking(),
  "stick-breaking with itself": stickBreaking({ attendCurrent: true }),
  "grape, key": grapeAdditive(),
  "grape, query": grapeAdditive({ gate: "query" }),
  "grape, both": grapeAdditive({ gate: "both" }),
  "grape, path": grapePath({ size: 2 }),
  wall: wall({ initialBias: 0 }),
};
const cases = Object.entries(encodings);

const data = (batch: number, count: number): readonly HostTensor[] => [
  gaussian([batch, shape.heads, count, shape.headSize], "q"),
  gaussian([batch, shape.kvHeads, count, shape.headSize], "k"),
  gaussian([batch, shape.kvHeads, count, shape.headSize], "v"),
  gaussian([batch, count, shape.width], "x"),
];

/** Parameters away from their initial values, so that zeros have an effect. */
const parametersOf = (encoding: PositionEncoding): Named<HostTensor> =>
  movedParameters(encoding.parameters?.(shape) ?? {}, 1, 0.3);

interface Step {
  readonly tensors: readonly Tensor[];
  readonly weights: readonly Tensor[];
  readonly at: readonly [start: number, end: number];
  readonly past?: KeyValue;
  readonly mask?: Tensor;
  /** Position of the first token. Default 0. */
  readonly first?: number;
}

/** Causal attention of the tokens from `start` to `end`, after a past. */
function attend(encoding: PositionEncoding, { tensors, weights, at: [start, end], past, mask, first = 0 }: Step) {
  const part = (x: Tensor, axis: number) => slice(x, { [axis]: [start, end] });
  const [query, key, value, x] = tensors as [Tensor, Tensor, Tensor, Tensor];
  return encodedAttention(part(query, 2), part(key, 2), part(value, 2), {
    encoding,
    parameters: namedAs(parametersOf(encoding), weights),
    queryPositions: constant(positions(end - start, first + start)),
    keyPositions: constant(positions(end, first)),
    x: part(x, 1),
    past,
    mask,
    causal: true,
    scale: 0.6,
  });
}

describe("gradients of attention agree with central differences, with grouped heads and a past", () => {
  test.each(cases)("%s", async (_, encoding) => {
    await checkGradients(backend, {
      f: (q, k, v, x, ...weights) => {
        const tensors = [q, k, v, x] as readonly Tensor[];
        const first = attend(encoding, { tensors, weights, at: [0, 2] });
        return attend(encoding, { tensors, weights, at: [2, 4], past: first.present }).output;
      },
      inputs: [...data(1, 4), ...Object.values(parametersOf(encoding))],
    });
  });
});

describe("attention with a cache equals attention without, at every split", () => {
  test.each(cases)("%s", async (_, encoding) => {
    const inputs = [...data(2, length), ...Object.values(parametersOf(encoding))];
    const attended = (splits: readonly number[]) =>
      run(
        backend,
        (...all) => {
          const [tensors, weights] = [all.slice(0, 4), all.slice(4)] as [Tensor[], Tensor[]];
          let past: KeyValue | undefined;
          const outputs = splits.map((end, index) => {
            const at = [splits[index - 1] ?? 0, end] as const;
            const { output, present } = attend(encoding, { tensors, weights, at, ...(past && { past }) });
            past = present;
            return output;
          });
          return concat(outputs, 2);
        },
        ...inputs,
      );
    const whole = await attended([length]);
    for (const splits of [
      [1, length],
      [3, length],
      [4, length],
      [1, 2, 3, 4, length],
    ]) {
      expectClose(await attended(splits), whole, "composite", { length: 100, magnitude: 10 });
    }
  });
});

describe("padding on the left, masked and with corrected positions, changes nothing", () => {
  const padding = 2;
  const padded = cases.filter(([name]) => name !== "path" && name !== "path by blocks, gated");

  async function difference(encoding: PositionEncoding): Promise<readonly [HostTensor, HostTensor]> {
    const all = length + padding;
    const inputs = [...data(1, all), ...Object.values(parametersOf(encoding))];
    const visible = tensor(
      Array.from({ length: all }, (_, index) => (index < padding ? 0 : 1)),
      [1, 1, 1, all],
      "bool",
    );
    const alone = await run(
      backend,
      (...given) => {
        const tensors = given.slice(0, 4).map((x, index) => {
          return slice(x as Tensor, { [index === 3 ? 1 : 2]: [padding, all] });
        });
        return attend(encoding, { tensors, weights: given.slice(4) as Tensor[], at: [0, length] }).output;
      },
      ...inputs,
    );
    const together = await run(
      backend,
      (...given) => {
        const [tensors, weights] = [given.slice(0, 4), given.slice(4)] as [Tensor[], Tensor[]];
        const { output } = attend(encoding, {
          tensors,
          weights,
          at: [0, all],
          mask: constant(visible),
          first: -padding,
        });
        return slice(output, { 2: [padding, all] });
      },
      ...inputs,
    );
    return [together, alone];
  }

  test.each(padded)("%s", async (_, encoding) => {
    const [together, alone] = await difference(encoding);
    expectClose(together, alone, "composite", { length: 100, magnitude: 10 });
  });

  test("but PaTH's short convolution sees it", async () => {
    const [together, alone] = await difference(path());
    expect(() => expectClose(together, alone, "goldenSingle")).toThrow();
  });
});

describe("lengths that are known only when the graph runs give the same", () => {
  const backends = useBackends();
  test.each(cases)("%s", async (_, encoding) => {
    const weights = parametersOf(encoding);
    const sizes = [dimension("batch"), dimension("sequence")] as const;
    const inputs = data(2, length);
    const build = (known: boolean) => {
      const tensors = inputs.map(({ shape: given, dtype }, index) => {
        const axis = index === 3 ? 1 : 2;
        const open = given.map((size, i) => (i === 0 ? sizes[0] : i === axis ? sizes[1] : size));
        return Tensor.input({ shape: known ? given : open, dtype }, `input${index}`);
      });
      const parameters = Object.values(weights).map(({ shape: given, dtype }, index) => {
        return Tensor.input({ shape: given, dtype }, `weight${index}`);
      });
      const at = Tensor.input({ shape: [known ? length : sizes[1]], dtype: "int32" }, "positions");
      const [query, key, value, x] = tensors as [Tensor, Tensor, Tensor, Tensor];
      const { output } = encodedAttention(query, key, value, {
        encoding,
        parameters: namedAs(weights, parameters),
        queryPositions: at,
        keyPositions: at,
        x,
        causal: true,
        scale: 0.6,
      });
      return graph([...tensors, ...parameters, at], [output]);
    };
    const values = [...inputs, ...Object.values(weights), positions(length)];
    for (const each of backends()) {
      const results = [];
      for (const known of [true, false]) {
        const source = build(known);
        const executable = await each.compile(source);
        results.push((await runOn(each, executable, source.inputs, values))[0] as HostTensor);
        await executable.close();
      }
      expectClose(results[1] as HostTensor, results[0] as HostTensor, "composite", { length: 100, magnitude: 10 });
    }
  });
});
