import { none } from "../encodings/none.js";
import { add, mul } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Attended, type AttentionLayerOptions, type AttentionView, attentionLayer } from "./attention-layer.js";
import type { KeyValue } from "./encoded-attention.js";
import { type Layer, type Module, type NormKind, normLayer } from "./layers.js";
import { type Named, ones, prefixed, scoped } from "./parameters.js";

/** Drops elements of a tensor in training, by a mask that belongs to the name; the tensor itself otherwise. */
export type Drop = (x: Tensor, name: string) => Tensor;

/** Where a step x + f(x) has norms: on what f reads, on what f gives, on the sum. */
const placements = {
  pre: { input: true, output: false, sum: false },
  post: { input: false, output: false, sum: true },
  sandwich: { input: true, output: true, sum: false },
} as const;

/** "pre": x + f(norm(x)), arXiv:2002.04745; "post": norm(x + f(x)), as in the first Transformer and BERT; "sandwich": x + norm(f(norm(x))), as in Gemma 3. */
export type NormPlacement = keyof typeof placements;

/**
 * "sequential": the feed-forward network reads what attention left; "parallel": both read the block's input, each by a
 * norm of its own (GPT-NeoX), x + a(norm(x)) + f(norm(x)); "parallelSharedNorm": by one norm (GPT-J, Phi, Cohere).
 */
export type ResidualForm = "sequential" | "parallel" | "parallelSharedNorm";

export interface BlockOptions {
  readonly attention: AttentionLayerOptions;
  readonly feedForward: Layer;
  readonly norm: NormKind;
  readonly normPlacement: NormPlacement;
  readonly residual: ResidualForm;
  /** Whether attention has a norm on what it reads, where the placement has one. */
  readonly attentionNorm: boolean;
  readonly epsilon: number;
  /** Whether layer norms have biases. */
  readonly bias: boolean;
  /** Whether what attention and the feed-forward network give has a trained factor for each channel, arXiv:2103.17239. */
  readonly layerScale: boolean;
  /** Whether the block also attends to an encoder's output. */
  readonly crossAttention: boolean;
}

/** An encoder's output as a decoder's block sees it. */
export interface Memory {
  /** [B, K, width]. */
  readonly output: Tensor;
  readonly positions: Tensor;
  readonly mask?: Tensor | undefined;
}

export interface BlockInput {
  readonly view: AttentionView;
  readonly memory?: Memory | undefined;
  readonly drop: Drop;
}

export type Block = Module<
  readonly [x: Tensor, input: BlockInput],
  {
    readonly output: Tensor;
    readonly present: KeyValue;
    /** The encoding's state of the tokens for the next layer, where it carries one. */
    readonly state?: Tensor | undefined;
  }
>;

type Step = (name: string, f: (x: Tensor, weights: Named<Tensor>) => Tensor) => void;

/** One layer of a transformer: self-attention, cross-attention where it has one, and the feed-forward network. */
export function block(options: BlockOptions): Block {
  const { feedForward, residual, crossAttention } = options;
  const attention = attentionLayer(options.attention);
  const cross = attentionLayer({ ...options.attention, projections: "separate" });
  const steps = residualSteps(options);
  return {
    parameters: {
      ...steps.parameters("attention"),
      ...prefixed("attention", attention.parameters),
      ...(crossAttention && {
        ...steps.parameters("crossAttention"),
        ...prefixed("crossAttention", cross.parameters),
      }),
      ...steps.parameters("feedForward"),
      ...prefixed("feedForward", feedForward.parameters),
    },
    apply: (parameters, x, { view, memory, drop }) => {
      let stream = x;
      const step: Step = (name, f) => {
        const source = residual === "sequential" ? stream : x;
        stream = steps.apply(parameters, name, { stream, source, drop }, f);
      };
      let self: Attended | undefined;
      step("attention", (input, weights) => {
        self = attention.apply(weights, input, input, view);
        return self.output;
      });
      if (memory) {
        step("crossAttention", (input, weights) => {
          return cross.apply(weights, input, memory.output, crossView(view, memory)).output;
        });
      }
      let fed: Tensor | undefined;
      step("feedForward", (input, weights) => {
        fed = feedForward.apply(weights, input);
        return fed;
      });
      const { present, carried } = self as Attended;
      const { encoding, encodingParameters } = view;
      const { heads } = options.attention;
      const context = carried && {
        ...carried,
        parameters: encodingParameters,
        output: fed as Tensor,
        heads,
      };
      return { output: stream, present, state: context && encoding.carry?.(context) };
    },
  };
}

/** Steps onto the stream with their norms and factors: `<name>Norm`, `<name>OutputNorm`, `<name>Scale`. */
function residualSteps(options: BlockOptions) {
  const { normPlacement, residual, layerScale, attentionNorm } = options;
  const { width } = options.attention;
  const norm = normLayer(options.norm, width, options.epsilon, options.bias);
  const on = placements[normPlacement];
  const normName = (name: string): string => (residual === "parallelSharedNorm" ? "attentionNorm" : `${name}Norm`);
  const hasInputNorm = (name: string): boolean => on.input && (name !== "attention" || attentionNorm);
  return {
    parameters: (name: string) => ({
      ...((hasInputNorm(name) || on.sum) && prefixed(normName(name), norm.parameters)),
      ...(on.output && prefixed(`${name}OutputNorm`, norm.parameters)),
      ...(layerScale && { [`${name}Scale.weight`]: { shape: [width], initialize: ones } }),
    }),
    apply: (
      parameters: Named<Tensor>,
      name: string,
      { stream, source, drop }: { readonly stream: Tensor; readonly source: Tensor; readonly drop: Drop },
      f: (x: Tensor, weights: Named<Tensor>) => Tensor,
    ): Tensor => {
      const normed = (own: string, x: Tensor): Tensor => norm.apply(scoped(own, parameters), x);
      const made = f(hasInputNorm(name) ? normed(normName(name), source) : source, scoped(name, parameters));
      const given = on.output ? normed(`${name}OutputNorm`, made) : made;
      const scaled = layerScale ? mul(given, parameters[`${name}Scale.weight`] as Tensor) : given;
      const sum = add(stream, drop(scaled, name));
      return on.sum ? normed(normName(name), sum) : sum;
    },
  };
}

/** Cross-attention knows no relative positions: queries and keys count in different sequences. */
function crossView(view: AttentionView, memory: Memory): AttentionView {
  return {
    encoding: none(),
    encodingParameters: {},
    queryPositions: view.queryPositions,
    keyPositions: memory.positions,
    causal: false,
    mask: memory.mask,
  };
}
