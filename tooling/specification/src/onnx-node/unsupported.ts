/**
 * Cases of ONNX's suite that relpos has no counterpart for, and why. Each one is tried all the same: one that passes on
 * every backend fails the suite until it is taken off the list.
 */
export const unsupported: Readonly<Record<string, string>> = {
  test_scatter_elements_with_reduction_min:
    "scatterAdd adds; relpos scatters gradients, which are never reduced by their minimum",
  test_scatternd_min: "scatterAdd adds; relpos scatters gradients, which are never reduced by their minimum",
};
