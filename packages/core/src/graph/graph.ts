import { check } from "../errors.js";
import { bareName, type Dim, type DimBindings, equalDims, evaluateDim, printShape } from "../tensor/dimension.js";
import type { Node } from "../tensor/node.js";
import type { Tensor } from "../tensor/tensor.js";

/** A computation: everything that its outputs need, nodes before their users. */
export interface Graph {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly nodes: readonly Node[];
}

/**
 * Collects the graph that computes `outputs` from `inputs`.
 *
 * Errors when an output depends on an input that is not listed. Inputs that nothing uses stay inputs.
 */
export function graph(inputs: readonly Tensor[], outputs: readonly Tensor[]): Graph {
  const known = new Set(inputs);
  const nodes = nodesBefore(outputs, known);
  for (const node of nodes) {
    for (const input of node.inputs) {
      check(!input || input.node || known.has(input), "graph", () => {
        return `every input must be listed, got ${node.op} using ${input?.name ?? "an unnamed input"}`;
      });
    }
  }
  for (const output of outputs)
    check(output.node || known.has(output), "graph", () => "an output is an unlisted input");
  return { inputs, outputs, nodes };
}

/** Nodes that compute `outputs`, in an order that follows dependency; it stops at the tensors in `stop`. */
export function nodesBefore(outputs: readonly Tensor[], stop: ReadonlySet<Tensor> = new Set()): readonly Node[] {
  const done = new Set<Node>();
  const nodes: Node[] = [];
  const stack: { node: Node; next: number }[] = [];
  const visit = (tensor: Tensor | undefined) => {
    if (!tensor?.node || stop.has(tensor) || done.has(tensor.node)) return;
    done.add(tensor.node);
    stack.push({ node: tensor.node, next: 0 });
  };
  for (const output of outputs) {
    visit(output);
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as { node: Node; next: number };
      if (top.next < top.node.inputs.length) visit(top.node.inputs[top.next++]);
      else nodes.push((stack.pop() as { node: Node }).node);
    }
  }
  return nodes;
}

/**
 * Values of the named dimensions, read from the shapes that were fed. Errors when a shape does not fit its input.
 */
export function bindDimensions(
  { inputs }: Pick<Graph, "inputs">,
  shapeOf: (input: Tensor) => readonly number[],
): DimBindings {
  const bindings = new Map<string, number>();
  const shapes = inputs.map((input) => ({ input, shape: shapeOf(input) }));
  for (const { input, shape } of shapes) {
    input.shape.forEach((dim, axis) => {
      const name = bareName(dim);
      if (name !== undefined && !bindings.has(name)) bindings.set(name, shape[axis] as number);
    });
  }
  for (const { input, shape } of shapes) {
    const fits =
      shape.length === input.shape.length &&
      input.shape.every((dim, axis) => equalDims(evaluateDim(dim, bindings), shape[axis] as Dim));
    check(fits, "run", () => `input ${input.name ?? ""} must have shape ${printShape(input.shape)}, got [${shape}]`);
  }
  return bindings;
}
