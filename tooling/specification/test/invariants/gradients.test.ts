import { expectClose } from "@relpos/conformance";
import { gaussian, runOn } from "@relpos/conformance/cases";
import {
  add,
  causalMask,
  constant,
  graph,
  type HostTensor,
  mul,
  positions,
  reduceSum,
  Tensor,
  tensor,
  valueAndGradients,
  where,
} from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { PositionEncoding } from "@relpos/core/encodings";
import { transformer } from "@relpos/core/nn";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  encode,
  encodedGraph,
  encodings,
  layerContext,
  layerSizes,
  parametersOf,
  visible,
} from "../../src/encoded-case.js";
import { movedParameters, namedAs } from "../../src/parameters.js";
import { useBackends } from "../use-backends.js";

const backends = useBackends();
const oracle = (): Backend => backends()[0] as Backend;
const all = encodings();

/** Those that act from layer to layer have no gradient in one layer alone. */
const inOneLayer = all.filter(([, encoding]) => encoding.parameters && !("carry" in encoding));

describe("29 every learned parameter has a gradient (central differences: models.test.ts and encodings/*.test.ts)", () => {
  test.each(inOneLayer)("%s", async (_, encoding) => {
    await fc.assert(
      fc.asyncProperty(layerSizes, async (sizes) => {
        const given = { ...sizes, encoding };
        const { inputs, f } = encodedGraph(given);
        const tensors = inputs.map(({ shape, dtype }) => Tensor.input({ shape, dtype }));
        const names = Object.keys(parametersOf(given));
        const own = names.length > 0 ? tensors.slice(-names.length) : [];
        const [scores, output] = f(...tensors);
        const weighted = (x: Tensor) => reduceSum(mul(x, constant(gaussian(x.shape as readonly number[], "weights"))));
        const seen = where(causalMask(sizes.length, sizes.length), scores, 0);
        const { gradients } = valueAndGradients(add(weighted(seen), weighted(output)), own);
        const executable = await oracle().compile(graph(tensors, gradients));
        const values = await runOn(oracle(), executable, tensors, inputs);
        await executable.close();
        const flat = values.map(({ data }) => Array.from(data).every((value) => value === 0));
        const broken = values.map(({ data }) => !Array.from(data).every(Number.isFinite));
        expect(names.filter((__, index) => flat[index] || broken[index])).toEqual([]);
      }),
      { numRuns: 2 },
    );
  });

  test.each(all.filter(([, encoding]) => "carry" in encoding))("%s: of the first layer of two", async (_, position) => {
    const model = transformer({ vocabulary: 7, layers: 2, width: 8, heads: 2, initialDeviation: 0.5, position });
    const names = Object.keys(model.parameters);
    const values = Object.values(movedParameters(model.parameters, 3));
    const tensors = values.map(({ shape, dtype }) => Tensor.input({ shape, dtype }));
    const { logits } = model.forward(namedAs(model.parameters, tensors), {
      tokens: constant(tensor([1, 4, 2, 0, 6], [1, 5], "int32")),
    });
    const loss = reduceSum(mul(logits, constant(gaussian([1, 5, 7], "weights"))));
    const executable = await oracle().compile(graph(tensors, valueAndGradients(loss, tensors).gradients));
    const gradients = await runOn(oracle(), executable, tensors, values);
    await executable.close();
    const flat = names.filter((__, index) => gradients[index]?.data.every((value: number) => value === 0));
    expect(flat.every((name) => name.startsWith("layers.1.position"))).toBe(true);
  });

  test.each([
    ["beit", "none"],
    ["cope", "none"],
    ["decomposed-2d", "none"],
    ["tape", "rope"],
  ])("%s begins with zeros and is %s then", async (name, base) => {
    await fc.assert(
      fc.asyncProperty(layerSizes, async (sizes) => {
        const initial = (kind: string) =>
          encode(oracle(), { ...sizes, encoding: Object.fromEntries(all)[kind] as PositionEncoding, untouched: true });
        expectClose((await initial(name)).output, (await initial(base)).output, "exact");
      }),
      { numRuns: 3 },
    );
  });
});

describe("30 float32 on ONNX Runtime is close to float64", () => {
  test.each(all)("%s", async (_, encoding) => {
    await fc.assert(
      fc.asyncProperty(layerSizes, fc.nat(200), async (sizes, choice) => {
        const first = choice % ((encoding.maximumPositions ?? 201) - sizes.length);
        const given = { ...sizes, encoding, positions: positions(sizes.length, first) };
        const [expected, actual] = await Promise.all(backends().map((backend) => encode(backend, given)));
        expectClose(actual?.output as HostTensor, expected?.output as HostTensor, "composite", layerContext);
        const scores = [actual, expected].map((each) => visible(each?.scores as HostTensor));
        expectClose(scores[0] as HostTensor, scores[1] as HostTensor, "composite", layerContext);
      }),
      { numRuns: 1 },
    );
  });
});
