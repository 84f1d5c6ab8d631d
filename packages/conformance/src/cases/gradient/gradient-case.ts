import {
  constant,
  type Graph,
  graph,
  type HostTensor,
  isFloat,
  mul,
  reduceSum,
  Tensor,
  valueAndGradients,
} from "@relpos/core";
import { gaussian } from "../random-tensors.js";

/** A function of tensors and the values to try it with. */
export interface GradientCase {
  readonly f: (...tensors: readonly Tensor[]) => Tensor;
  readonly inputs: readonly HostTensor[];
}

/** One of several cases of an operation. */
export interface NamedGradientCase extends GradientCase {
  /** Shapes and attributes, as the case's name ends. */
  readonly details: string;
}

/** A function's value and gradients as graph. */
export interface Differentiated {
  /** The value as a scalar. */
  readonly loss: Tensor;
  /** With respect to each real input. */
  readonly gradients: readonly Tensor[];
  readonly tensors: readonly Tensor[];
}

/**
 * The graph of a case's value and its gradients with respect to the real inputs.
 *
 * A function with a tensor as value is made a scalar by fixed random weights, so that no error can cancel.
 */
export function differentiated({ f, inputs }: GradientCase): Differentiated {
  const tensors = inputs.map(({ shape, dtype }) => Tensor.input({ shape, dtype }));
  const output = f(...tensors);
  const weights = constant(gaussian(output.shape as readonly number[], "weights"));
  const real = tensors.filter(({ dtype }) => isFloat(dtype));
  const { value, gradients } = valueAndGradients(reduceSum(mul(output, weights)), real);
  return { loss: value, gradients, tensors };
}

/** The graph of loss and gradients. */
export function gradientGraph(gradientCase: GradientCase): Graph {
  const { loss, gradients, tensors } = differentiated(gradientCase);
  return graph(tensors, [loss, ...gradients]);
}
