import { check } from "../errors.js";
import { argMax, concat, equal, gatherElements, iota, maximum, where } from "../primitives/operations.js";
import { printShape } from "../tensor/dimension.js";
import { isFloat } from "../tensor/dtype.js";
import type { Tensor, TensorType } from "../tensor/tensor.js";
import { applyComposite, defineComposite } from "./composite.js";

type TopKAttributes = { readonly k: number };

const topKComposite = defineComposite<TopKAttributes>({
  name: "topK",
  infer: (inputs, { k }) => {
    const { shape, dtype } = inputs[0] as TensorType;
    check(isFloat(dtype), "topK", () => `needs a floating-point tensor, got ${dtype}`);
    const size = shape.at(-1);
    check(Number.isInteger(k) && k > 0 && typeof size === "number" && k <= size, "topK", () => {
      return `k must be whole, positive and at most the last axis' known size, got ${k} of ${printShape(shape)}`;
    });
    const kept = [...shape.slice(0, -1), k];
    return [
      { shape: kept, dtype },
      { shape: kept, dtype: "int32" },
    ];
  },
  /** The largest, then the largest of the others. Those that were taken are −∞, which the others are kept above. */
  decompose: ([x], { k }) => {
    const all = x as Tensor;
    const place = iota([all.shape.at(-1) as number]);
    let left = maximum(all, all.dtype === "float16" ? -65504 : -3e38);
    const indices = Array.from({ length: k }, () => {
      const best = argMax(left, -1, { keepDims: true });
      left = where(equal(place, best), Number.NEGATIVE_INFINITY, left);
      return best;
    });
    const found = concat(indices, -1);
    return [gatherElements(all, found, -1), found];
  },
});

/**
 * The k largest along the last axis, largest first, of equal ones the first before the others, as ONNX TopK has it
 * (PyTorch leaves their order open): [..., N] → values [..., k] and their indices, int32 [..., k].
 */
export function topK(x: Tensor, k: number): { readonly values: Tensor; readonly indices: Tensor } {
  const [values, indices] = applyComposite(topKComposite, [x], { k }) as readonly [Tensor, Tensor];
  return { values, indices };
}
