import { check, concat, type Dim, expand, type Tensor } from "@relpos/core";
import {
  type Named,
  normal,
  normLayer,
  prefixed,
  resolveStack,
  type StackOptions,
  scoped,
  stack,
} from "@relpos/core/nn";
import { type HeadOptions, head } from "./head.js";
import type { Model } from "./model.js";
import { type PatchOptions, patchEmbedding } from "./patches.js";
import type { Task } from "./task.js";
import { encodingsOf } from "./text-model.js";

export interface VisionModelOptions {
  readonly task: Task;
  readonly patches: Omit<PatchOptions, "width">;
  readonly stack: StackOptions;
  /** A head on the last layer's output. Default: none. */
  readonly head?: HeadOptions | undefined;
}

/** An encoder of an image's patches, with a class token before them: `patches.…`, `classToken`, the stack's, `head.…`. */
export function visionModel({
  task,
  patches: patchOptions,
  stack: options,
  head: headOptions,
}: VisionModelOptions): Model {
  const { width } = options;
  const patches = patchEmbedding({ ...patchOptions, width });
  const resolved = resolveStack(options);
  const { norm, epsilon, normBias, finalNorm } = resolved;
  const main = stack({ ...resolved, finalNorm: false }, { causal: false, crossAttention: false });
  const own = headOptions && head(headOptions);
  const last = finalNorm ? normLayer(norm, width, epsilon, normBias) : undefined;
  return {
    task,
    parameters: {
      ...prefixed("patches", patches.parameters),
      classToken: { shape: [1, 1, width], initialize: normal(0.02), decay: false },
      ...main.parameters,
      ...(last && prefixed("norm", last.parameters)),
      ...own?.parameters,
    },
    inputs: ["pixel_values"],
    encodings: encodingsOf(resolved),
    apply: (weights, { pixel_values: pixels }) => {
      check(pixels, "forward", () => "pixel_values must be given");
      const embedded = patches.apply(scoped("patches", weights), pixels);
      const classToken = expand(weights.classToken as Tensor, [embedded.shape[0] as Dim, 1, width]);
      const { hidden } = main.apply(weights, concat([classToken, embedded], 1), {});
      const normed = last ? last.apply(scoped("norm", weights), hidden) : hidden;
      return { outputs: imageOutputs(hidden, normed, own?.apply(weights, normed, {})), present: [] };
    },
  };
}

/**
 * Outputs by transformers' names: of a classifier logits and the last of its hidden states, which no norm follows yet; of a
 * bare model the hidden state after its norm.
 */
export function imageOutputs(hidden: Tensor, normed: Tensor, logits: Tensor | undefined): Named<Tensor> {
  return logits ? { logits, last_hidden_state: hidden } : { last_hidden_state: normed };
}
