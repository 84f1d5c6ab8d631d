/**
 * Cases of ONNX's suite that relpos has no counterpart for, and why. Each one is tried all the same: one that passes on
 * every backend fails the suite until it is taken off the list.
 */
export const unsupported: Readonly<Record<string, string>> = {
  ...scatters("test_scatter_elements_with_reduction_", "min", "max", "mul"),
  ...scatters("test_scatternd_", "min", "max", "multiply"),
};

function scatters(name: string, ...reductions: readonly string[]): Readonly<Record<string, string>> {
  const reason = "scatterAdd adds; relpos scatters gradients, which are never reduced otherwise";
  return Object.fromEntries(reductions.map((reduction) => [name + reduction, reason]));
}
