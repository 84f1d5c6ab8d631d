import {
  check,
  concat,
  constant,
  type Dim,
  expand,
  iota,
  productOfDims,
  reshape,
  slice,
  type Tensor,
  tensor,
  transpose,
} from "@relpos/core";
import { type EncodingWith, swin as windowBias } from "@relpos/core/encodings";
import {
  type Activation,
  block,
  feedForwardLayer,
  type Layer,
  linearLayer,
  type Module,
  normal,
  normLayer,
  type ParameterSpecs,
  prefixed,
  scoped,
} from "@relpos/core/nn";
import { type HeadOptions, head } from "./head.js";
import type { Model } from "./model.js";
import { type PatchOptions, patchEmbedding, patchesOnSide } from "./patches.js";
import type { Task } from "./task.js";
import { imageOutputs } from "./vision-model.js";

export interface SwinModelOptions {
  readonly task: Task;
  readonly patches: PatchOptions;
  /** Number of blocks, and of heads, of each stage. */
  readonly depths: readonly number[];
  readonly heads: readonly number[];
  /** Patches on a side of a window. */
  readonly window: number;
  /** Size inside the feed-forward networks over the width. */
  readonly feedForwardRatio: number;
  readonly activation: Activation;
  readonly epsilon: number;
  /** Whether queries, keys and values have biases. */
  readonly bias: boolean;
  readonly head?: HeadOptions | undefined;
}

/** A stage's grid of tokens and its windows. */
interface StageShape {
  readonly side: number;
  readonly window: number;
  readonly width: number;
}

/** [B, side², width] → [B·windows, window², width]. */
function toWindows(x: Tensor, { side, window, width }: StageShape): Tensor {
  const [batch, count] = [x.shape[0] as Dim, side / window];
  const grid = reshape(x, [batch, count, window, count, window, width]);
  return reshape(transpose(grid, [0, 1, 3, 2, 4, 5]), [productOfDims([batch, count * count]), window * window, width]);
}

/** [B·windows, window², width] → [B, side², width]. */
function fromWindows(x: Tensor, batch: Dim, { side, window, width }: StageShape): Tensor {
  const count = side / window;
  const grid = transpose(reshape(x, [batch, count, count, window, window, width]), [0, 1, 3, 2, 4, 5]);
  return reshape(grid, [batch, side * side, width]);
}

/** Rows and columns moved towards the start by `shift`; those that leave come back at the end. */
function rolled(x: Tensor, shift: number, { side, width }: StageShape): Tensor {
  if (shift === 0) return x;
  const first = ((shift % side) + side) % side;
  const roll = (grid: Tensor, axis: number): Tensor => {
    return concat([slice(grid, { [axis]: [first, side] }), slice(grid, { [axis]: [0, first] })], axis);
  };
  const grid = reshape(x, [x.shape[0] as Dim, side, side, width]);
  return reshape(roll(roll(grid, 1), 2), x.shape);
}

/** Which pairs of a shifted window were neighbours before: bool [windows, 1, window², window²]. */
function shiftedMask(shift: number, { side, window }: StageShape): Tensor {
  const region = (place: number): number => (place < side - window ? 0 : place < side - shift ? 1 : 2);
  const count = side / window;
  const [windows, size] = [count * count, window * window];
  const regionOf = (index: number, token: number): number => {
    const row = Math.floor(index / count) * window + Math.floor(token / window);
    const column = (index % count) * window + (token % window);
    return region(row) * 3 + region(column);
  };
  const visible = Array.from({ length: windows * size * size }, (_, place) => {
    const [index, pair] = [Math.floor(place / (size * size)), place % (size * size)];
    return regionOf(index, Math.floor(pair / size)) === regionOf(index, pair % size) ? 1 : 0;
  });
  return constant(tensor(visible, [windows, 1, size, size], "bool"));
}

/** A block of a transformer in windows, which every second block shifts by half. */
function windowBlock(options: SwinModelOptions, shape: StageShape, heads: number, shift: number): Layer {
  const { width, window, side } = shape;
  const { activation, epsilon, bias, feedForwardRatio } = options;
  const initialize = normal(0.02);
  const encoding: EncodingWith<"bias" | "parameters", "table"> = windowBias({ height: window, width: window });
  const headSize = width / heads;
  const own = block({
    attention: {
      width,
      heads,
      kvHeads: heads,
      headSize,
      bias: { query: bias, key: bias, value: bias, output: true },
      projections: "separate",
      scale: headSize ** -0.5,
      initialize,
      initializeOutput: initialize,
    },
    feedForward: feedForwardLayer({
      width,
      hidden: Math.floor(feedForwardRatio * width),
      activation,
      gated: false,
      bias: true,
      initialize,
      initializeOutput: initialize,
    }),
    norm: "layerNorm",
    normPlacement: "pre",
    residual: "sequential",
    attentionNorm: true,
    epsilon,
    bias: true,
    layerScale: false,
    crossAttention: false,
  });
  const sizes = { width, layers: 1, heads, kvHeads: heads, headSize };
  return {
    parameters: { ...own.parameters, ...prefixed("position", encoding.parameters(sizes)) },
    apply: (weights, x) => {
      const batch = x.shape[0] as Dim;
      const windows = (side / window) ** 2;
      const tokens = toWindows(rolled(x, shift, shape), shape);
      const visible = shift > 0 ? shiftedMask(shift, shape) : undefined;
      const size = window * window;
      const mask =
        visible &&
        reshape(expand(reshape(visible, [1, windows, 1, size, size]), [batch, windows, 1, size, size]), [
          productOfDims([batch, windows]),
          1,
          size,
          size,
        ]);
      const positions = iota([size]);
      const view = {
        encoding,
        encodingParameters: scoped("position", weights),
        queryPositions: positions,
        keyPositions: positions,
        causal: false,
        mask,
      };
      const { output } = own.apply(weights, tokens, { view, drop: (value) => value });
      return rolled(fromWindows(output, batch, shape), -shift, shape);
    },
  };
}

/** Each 2 × 2 tokens as one of twice the width: `norm`, `reduction`. */
function patchMerging({ side, width }: StageShape, epsilon: number): Layer {
  const norm = normLayer("layerNorm", 4 * width, epsilon, true);
  const reduction = linearLayer({ inputs: 4 * width, outputs: 2 * width });
  return {
    parameters: { ...prefixed("norm", norm.parameters), ...prefixed("reduction", reduction.parameters) },
    apply: (weights, x) => {
      const [batch, half] = [x.shape[0] as Dim, side / 2];
      const grid = reshape(x, [batch, half, 2, half, 2, width]);
      const merged = reshape(transpose(grid, [0, 1, 3, 4, 2, 5]), [batch, half * half, 4 * width]);
      return reduction.apply(scoped("reduction", weights), norm.apply(scoped("norm", weights), merged));
    },
  };
}

/** All stages' layers in order, by the names of their parameters: `stages.<s>.blocks.<n>`, `stages.<s>.downsample`. */
function stagesOf(options: SwinModelOptions): {
  readonly layers: readonly (readonly [name: string, layer: Layer])[];
  readonly width: number;
} {
  const { depths, heads, patches, window, epsilon } = options;
  check(
    depths.length === heads.length,
    "swin",
    () => `heads must be one for each of ${depths.length} stages, got ${heads.length}`,
  );
  const layers = depths.flatMap((depth, stage): [string, Layer][] => {
    const side = patchesOnSide(patches) / 2 ** stage;
    const shape = { side, window, width: patches.width * 2 ** stage };
    check(
      Number.isInteger(side) && side % window === 0,
      "swin",
      () => `windows must fill the grid of stage ${stage}, got ${window} and ${side}`,
    );
    const shiftOf = (index: number): number => (index % 2 === 1 && side > window ? Math.floor(window / 2) : 0);
    const blocks = Array.from({ length: depth }, (_, index): [string, Layer] => [
      `stages.${stage}.blocks.${index}`,
      windowBlock(options, shape, heads[stage] as number, shiftOf(index)),
    ]);
    return stage === depths.length - 1
      ? blocks
      : [...blocks, [`stages.${stage}.downsample`, patchMerging(shape, epsilon)]];
  });
  return { layers, width: patches.width * 2 ** (depths.length - 1) };
}

/**
 * Swin: attention in windows of patches, shifted in every second block; between stages tokens are merged.
 *
 * Liu et al., arXiv:2103.14030. Agrees with transformers' `SwinForImageClassification`. Parameters: `patches`,
 * `embeddingNorm`, `stages.<s>.…`, `norm`, `head.…`.
 */
export function swinModel(options: SwinModelOptions): Model {
  const { task, epsilon } = options;
  const patches: Module<readonly [pixels: Tensor], Tensor> = patchEmbedding(options.patches);
  const embeddingNorm = normLayer("layerNorm", options.patches.width, epsilon, true);
  const { layers, width } = stagesOf(options);
  const norm = normLayer("layerNorm", width, epsilon, true);
  const own = options.head && head(options.head);
  const parameters: ParameterSpecs = {
    ...prefixed("patches", patches.parameters),
    ...prefixed("embeddingNorm", embeddingNorm.parameters),
    ...Object.assign({}, ...layers.map(([name, layer]) => prefixed(name, layer.parameters))),
    ...prefixed("norm", norm.parameters),
    ...own?.parameters,
  };
  return {
    task,
    parameters,
    inputs: ["pixel_values"],
    apply: (weights, { pixel_values: pixels }) => {
      check(pixels, "forward", () => "pixel_values must be given");
      const embedded = embeddingNorm.apply(
        scoped("embeddingNorm", weights),
        patches.apply(scoped("patches", weights), pixels),
      );
      const last = layers.reduce((x, [name, layer]) => layer.apply(scoped(name, weights), x), embedded);
      const normed = norm.apply(scoped("norm", weights), last);
      return { outputs: imageOutputs(last, normed, own?.apply(weights, normed, {})), present: [] };
    },
  };
}
