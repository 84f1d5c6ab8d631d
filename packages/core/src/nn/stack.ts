import type { PositionEncoding } from "../encodings/encoding.js";
import { iota, logicalAnd, slice } from "../primitives/operations.js";
import { addDims, type Dim } from "../tensor/dimension.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Block, block, type Drop, type Memory } from "./block.js";
import { cachedPositions } from "./cached-attention.js";
import type { KeyValue } from "./encoded-attention.js";
import { encodingPlan } from "./encoding-plan.js";
import { feedForwardLayer, type Layer, type Module, normLayer } from "./layers.js";
import { normal, prefixed, scoped } from "./parameters.js";
import type { ResolvedStack } from "./transformer-options.js";

/** Where what goes through a stack stands. */
export interface StackInput {
  /** int32 [S] or [B, S]. Default: 0, 1, …, after the past's. */
  readonly positions?: Tensor | undefined;
  /** Positions of all keys, those of the past first. Default: `positions`, or 0, 1, … where there is a past. */
  readonly keyPositions?: Tensor | undefined;
  /** Which keys may be seen, bool, broadcasts to [B, H, S, keys]: for padding. Causal masks are the model's own. */
  readonly mask?: Tensor | undefined;
  /** Keys and values of earlier tokens, one for each layer. */
  readonly past?: readonly KeyValue[] | undefined;
  /** Token ids [B, S], for encodings that read them. */
  readonly tokens?: Tensor | undefined;
  /** State of the tokens [B, S, n], for encodings that are given it: segments in XLNet. */
  readonly state?: Tensor | undefined;
  /** Used in training. Default: nothing is dropped. */
  readonly drop?: Drop | undefined;
}

export interface StackOutput {
  /** The last layer's output after the final norm [B, S, width]. */
  readonly hidden: Tensor;
  /** Keys and values for the cache, one for each layer. */
  readonly present: readonly KeyValue[];
}

export type Stack = Module<readonly [x: Tensor, input: StackInput, memory?: Memory | undefined], StackOutput>;

/**
 * Blocks one after another with their position encodings, from embeddings [B, S, width]: a transformer without the
 * embeddings and the head. Parameters: `embeddingNorm.…`, `layers.<n>.…`, `norm.…`, `position.<kind>.…`.
 */
export function stack(
  options: ResolvedStack,
  form: { readonly causal: boolean; readonly crossAttention: boolean },
): Stack {
  const { layers, width, embeddingNorm, finalNorm } = options;
  const plan = encodingPlan(options);
  const blocks: readonly Block[] = Array.from({ length: layers }, (_, layer) => {
    return block(blockOptions(options, layer, form.crossAttention));
  });
  const norm = normLayer(options.norm, width, options.epsilon, options.normBias);
  return {
    parameters: {
      ...plan.parameters,
      ...(embeddingNorm && prefixed("embeddingNorm", norm.parameters)),
      ...Object.assign({}, ...blocks.map((layer, index) => prefixed(`layers.${index}`, layer.parameters))),
      ...(finalNorm && prefixed("norm", norm.parameters)),
    },
    apply: (weights, embedded, input, memory) => {
      const drop = input.drop ?? ((x) => x);
      const length = embedded.shape[1] as Dim;
      const { queryPositions, keyPositions } = positionsOf(input, length);
      const placed = plan.embed(weights, embedded, queryPositions, input.tokens);
      let x = drop(embeddingNorm ? norm.apply(scoped("embeddingNorm", weights), placed) : placed, "embedding");
      const states = new Map<PositionEncoding, Tensor | undefined>();
      const present = blocks.map((layer, index) => {
        const own = plan.layer(weights, index);
        const seen = options.visible(index, layers)?.(queryPositions, keyPositions);
        const view = {
          ...own,
          state: states.get(own.encoding) ?? input.state,
          queryPositions,
          keyPositions,
          causal: form.causal,
          window: options.window(index, layers),
          mask: seen && input.mask ? logicalAnd(seen, input.mask) : (seen ?? input.mask),
          past: input.past?.[index],
        };
        const dropHere: Drop = (value, name) => drop(value, `layers.${index}.${name}`);
        const result = layer.apply(scoped(`layers.${index}`, weights), x, { view, memory, drop: dropHere });
        x = result.output;
        states.set(own.encoding, result.state);
        return result.present;
      });
      return { hidden: finalNorm ? norm.apply(scoped("norm", weights), x) : x, present };
    },
  };
}

/** Positions of the new tokens and of all keys: what is given, or 0, 1, … from the first token of the past on. */
function positionsOf({ positions, keyPositions: given, past }: StackInput, length: Dim) {
  const cache = past?.[0];
  if (cache?.length) {
    const counted = cachedPositions({ ...cache, length: cache.length }, length);
    return { queryPositions: positions ?? counted.query, keyPositions: given ?? counted.key };
  }
  const pastLength = cache?.key.shape[2] ?? 0;
  const total = addDims(pastLength, length);
  const keyPositions = given ?? (cache ? iota([total]) : (positions ?? iota([length])));
  return {
    queryPositions: positions ?? slice(keyPositions, { [keyPositions.rank - 1]: [pastLength, total] }),
    keyPositions,
  };
}

function blockOptions(options: ResolvedStack, layer: number, crossAttention: boolean): Parameters<typeof block>[0] {
  const { width, heads, kvHeads, headSize, projections, queryKeyNorm, clip, scale, softcap, layers } = options;
  const initialize = normal(options.initialDeviation);
  const initializeOutput = normal(options.initialDeviation / Math.sqrt(2 * layers));
  return {
    attention: {
      width,
      heads,
      kvHeads,
      headSize,
      projections,
      bias: options.attentionBias,
      queryKeyNorm,
      clip,
      scale,
      softcap,
      initialize,
      initializeOutput,
    },
    feedForward: feedForwardOf(options, layer),
    norm: options.norm,
    normPlacement: options.normPlacement,
    residual: options.residual,
    attentionNorm: layer > 0 || options.firstAttentionNorm,
    epsilon: options.epsilon,
    bias: options.normBias,
    layerScale: options.layerScale,
    crossAttention,
  };
}

function feedForwardOf(options: ResolvedStack, layer: number): Layer {
  const { feedForward, width, activation, gated, initialDeviation, layers } = options;
  const own = typeof feedForward === "function" ? feedForward(layer, layers) : feedForward;
  if (typeof own !== "number") return own;
  return feedForwardLayer({
    width,
    hidden: own,
    activation,
    gated,
    bias: options.feedForwardBias,
    initialize: normal(initialDeviation),
    initializeOutput: normal(initialDeviation / Math.sqrt(2 * layers)),
  });
}
