import { expectClose } from "@relpos/conformance";
import { differentiated, type GradientCase, runOn } from "@relpos/conformance/cases";
import { exactTensor, graph, type HostTensor, isFloat, toScalar, verify } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";

/** The step of central differences: the cube root of float64's precision, where rounding and curvature weigh the same. */
const step = 5e-6;

/**
 * Errors unless the gradients of a function agree with central differences, for every element of every real input.
 *
 * A function with a tensor as value is made a scalar by fixed random weights, so that no error can cancel.
 */
export async function checkGradients<T>(backend: Backend<T>, { f, inputs }: GradientCase): Promise<void> {
  const { loss, gradients, tensors } = differentiated({ f, inputs });
  const value = await backend.compile(graph(tensors, [loss]));
  const derivative = await backend.compile(graph(tensors, gradients));
  verify(derivative.graph);
  const analytic = await runOn(backend, derivative, tensors, inputs);
  let next = 0;
  for (const [position, input] of inputs.entries()) {
    if (!isFloat(input.dtype)) continue;
    const numeric = new Float64Array(input.data.length);
    for (let element = 0; element < numeric.length; element++) {
      const [above, below] = await Promise.all(
        [step, -step].map(async (change) => {
          const moved = Float64Array.from(input.data);
          moved[element] = (moved[element] as number) + change;
          const changed = inputs.map((other, i) => (i === position ? exactTensor(moved, input.shape) : other));
          return toScalar((await runOn(backend, value, tensors, changed))[0] as HostTensor);
        }),
      );
      numeric[element] = ((above as number) - (below as number)) / (2 * step);
    }
    expectClose(analytic[next++] as HostTensor, exactTensor(numeric, input.shape), "gradient");
  }
  await value.close();
  await derivative.close();
}
