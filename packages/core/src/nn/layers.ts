import { gelu, sigmoid, silu } from "../composites/activations.js";
import { linear as applyLinear } from "../composites/linear.js";
import { layerNorm, rmsNorm } from "../composites/norms.js";
import { add, maximum, mul, square, tanh } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import {
  type Initializer,
  type Named,
  normal,
  ones,
  type ParameterSpecs,
  prefixed,
  scoped,
  zeros,
} from "./parameters.js";

/** A function of tensors with named parameters. */
export interface Module<Inputs extends readonly unknown[], Output> {
  readonly parameters: ParameterSpecs;
  apply(parameters: Named<Tensor>, ...inputs: Inputs): Output;
}

/** A module of one tensor. */
export type Layer = Module<readonly [x: Tensor], Tensor>;

export interface LinearOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly bias?: boolean;
  readonly initialize?: Initializer;
}

/**
 * x·Wᵀ + b with `weight` [out, in] and `bias` [out]. Where `loraA` [r, in] and `loraB` [out, r] are given too, W is W + B·A. Hu
 * et al., arXiv:2106.09685.
 */
export function linearLayer({ inputs, outputs, bias = false, initialize = normal(0.02) }: LinearOptions): Layer {
  return {
    parameters: {
      weight: { shape: [outputs, inputs], initialize },
      ...(bias && { bias: { shape: [outputs], initialize: zeros } }),
    },
    apply: ({ weight, bias, loraA, loraB }, x) => {
      const y = applyLinear(x, weight as Tensor, bias);
      return loraA && loraB ? add(y, applyLinear(applyLinear(x, loraA), loraB)) : y;
    },
  };
}

export type NormKind = "layerNorm" | "rmsNorm";

/** A norm over the last axis with a trained `scale`, and for layer norm a `bias` where asked for. */
export function normLayer(kind: NormKind, width: number, epsilon: number, bias: boolean): Layer {
  const withBias = bias && kind === "layerNorm";
  return {
    parameters: {
      scale: { shape: [width], initialize: ones },
      ...(withBias && { bias: { shape: [width], initialize: zeros } }),
    },
    apply: ({ scale, bias }, x) =>
      kind === "layerNorm"
        ? layerNorm(x, scale as Tensor, bias, { epsilon })
        : rmsNorm(x, scale as Tensor, { epsilon }),
  };
}

export type Activation = keyof typeof activations;

/** Activations by the names that Hugging Face configurations use, where they have one. */
export const activations = {
  relu: (x: Tensor) => maximum(x, 0),
  reluSquared: (x: Tensor) => square(maximum(x, 0)),
  gelu: (x: Tensor) => gelu(x),
  geluTanh: (x: Tensor) => gelu(x, "tanh"),
  /** x·sigmoid(1.702·x), a coarser form of GELU. */
  quickGelu: (x: Tensor) => mul(x, sigmoid(mul(x, 1.702))),
  silu: (x: Tensor) => silu(x),
  tanh: (x: Tensor) => tanh(x),
} as const;

export interface FeedForwardOptions {
  readonly width: number;
  readonly hidden: number;
  readonly activation: Activation;
  /** activation(gate(x))·up(x) instead of activation(up(x)). Shazeer, arXiv:2002.05202. */
  readonly gated: boolean;
  readonly bias: boolean;
  readonly initialize: Initializer;
  /** Initial values of the projection back to the residual stream. */
  readonly initializeOutput: Initializer;
}

/** The position-wise network of a block: `up`, `down`, and `gate` where gated. */
export function feedForwardLayer(options: FeedForwardOptions): Layer {
  const { width, hidden, activation, gated, bias, initialize, initializeOutput } = options;
  const up = linearLayer({ inputs: width, outputs: hidden, bias, initialize });
  const gate = linearLayer({ inputs: width, outputs: hidden, bias, initialize });
  const down = linearLayer({ inputs: hidden, outputs: width, bias, initialize: initializeOutput });
  return {
    parameters: {
      ...prefixed("up", up.parameters),
      ...(gated && prefixed("gate", gate.parameters)),
      ...prefixed("down", down.parameters),
    },
    apply: (parameters, x) => {
      const raised = up.apply(scoped("up", parameters), x);
      const activate = activations[activation];
      const inner = gated ? mul(activate(gate.apply(scoped("gate", parameters), x)), raised) : activate(raised);
      return down.apply(scoped("down", parameters), inner);
    },
  };
}
