import { linear } from "../composites/linear.js";
import { type ParameterSpecs, uniform } from "../nn/parameters.js";
import type { Tensor } from "../tensor/tensor.js";

interface PerceptronOptions {
  /** Width of the input, of each hidden layer, of the output. */
  readonly sizes: readonly number[];
  /** Whether the last layer adds a bias. Default `true`. */
  readonly lastBias?: boolean;
}

/** Parameters `mlp.<n>.weight` [out, in] and `mlp.<n>.bias` [out], uniform in ±1/√in as PyTorch begins with. */
export function perceptronParameters({ sizes, lastBias = true }: PerceptronOptions): ParameterSpecs {
  const layers = sizes.slice(1).flatMap((outputs, n) => {
    const initialize = uniform((sizes[n] as number) ** -0.5);
    const weight = [`mlp.${n}.weight`, { shape: [outputs, sizes[n] as number], initialize }] as const;
    const bias = [`mlp.${n}.bias`, { shape: [outputs], initialize, decay: false }] as const;
    return n < sizes.length - 2 || lastBias ? [weight, bias] : [weight];
  });
  return Object.fromEntries(layers);
}

/** Linear layers with an activation between them: x [..., in] → [..., out]. */
export function perceptron(
  parameters: Readonly<Record<string, Tensor>>,
  x: Tensor,
  activation: (x: Tensor) => Tensor,
): Tensor {
  const weights = Object.keys(parameters).filter((name) => /^mlp\.\d+\.weight$/.test(name));
  return weights.reduce((input, _, n) => {
    const output = linear(input, parameters[`mlp.${n}.weight`] as Tensor, parameters[`mlp.${n}.bias`]);
    return n === weights.length - 1 ? output : activation(output);
  }, x);
}
