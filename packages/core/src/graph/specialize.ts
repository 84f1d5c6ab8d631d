import { applyComposite } from "../composites/composite.js";
import { applyPrimitive } from "../primitives/operations.js";
import { mapAttributeDims } from "../primitives/primitives.js";
import { type DimBindings, evaluateDim } from "../tensor/dimension.js";
import type { Node } from "../tensor/node.js";
import { Tensor } from "../tensor/tensor.js";
import { type Graph, graph } from "./graph.js";

/** The graph for some values of its named dimensions, all of them. Inputs are new tensors, in the same order. */
export function specialize(source: Graph, bindings: DimBindings): Graph {
  const current = new Map<Tensor, Tensor>();
  const now = (tensor: Tensor): Tensor => current.get(tensor) as Tensor;
  for (const input of source.inputs) {
    const shape = input.shape.map((dim) => evaluateDim(dim, bindings));
    current.set(input, Tensor.input({ shape, dtype: input.dtype }, input.name));
  }
  for (const node of source.nodes) {
    const inputs = node.inputs.map((input) => input && now(input));
    const outputs = apply(node, inputs, bindings);
    node.outputs.forEach((output, index) => {
      current.set(output, outputs[index] as Tensor);
    });
  }
  return graph(source.inputs.map(now), source.outputs.map(now));
}

function apply(node: Node, inputs: readonly (Tensor | undefined)[], bindings: DimBindings): readonly Tensor[] {
  if (node.kind === "composite") return applyComposite(node.composite, inputs, node.attributes);
  const attributes = mapAttributeDims(node.attributes, (dim: number) => evaluateDim(dim, bindings));
  return [applyPrimitive(node.op, inputs as readonly Tensor[], attributes as never)];
}
