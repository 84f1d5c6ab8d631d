import {
  type CompositeNode,
  check,
  type Dim,
  type Graph,
  type PrimitiveNode,
  printDim,
  type Tensor,
} from "@relpos/core";
import { callOf } from "@relpos/core/backend";
import { branch, type OnnxModel, type OnnxNode, type OnnxValue } from "../model/model.js";
import { createBuilder } from "./builder.js";
import type { AccuracyLevel, LoweringContext, Provider } from "./context.js";
import { fusions } from "./fusions.js";
import { primitiveRow } from "./primitives.js";
import { createSizes } from "./sizes.js";

export interface LowerOptions {
  /** Whose fused operations may be used. Default `"cpu"`. */
  readonly provider?: Provider;
  /** Default 4: with 0 products of few rows with weights of 8 bits take ten times as long. */
  readonly accuracyLevel?: AccuracyLevel;
  /** Inputs that are constants in files, and where they lie there. Default: none. */
  readonly external?: ReadonlyMap<Tensor, { readonly path: string; readonly offset: number }>;
  /** Names of the outputs, in the graph's order. Default `output_0`, `output_1`, … */
  readonly outputs?: readonly string[];
}

/** The operator set that models are written in. */
const opset = 23;

/**
 * A graph as an ONNX model, inputs and outputs in the graph's order and of its types.
 *
 * Inputs keep their names. Errors when the graph has a composite that the provider does not run: call
 * `prepare(graph, claims(provider))` first.
 */
export function lower(graph: Graph, options: LowerOptions = {}): OnnxModel {
  const { provider = "cpu", accuracyLevel = 4, external = new Map(), outputs = [] } = options;
  const builder = createBuilder();
  const outputNames = graph.outputs.map((_, index) => builder.name(outputs[index] ?? `output_${index}`));
  const values = new Map<Tensor, string>();
  const nameOf = (tensor: Tensor): string => values.get(tensor) as string;
  graph.inputs.forEach((input, index) => {
    values.set(input, builder.name(input.name ?? `input_${index}`));
  });
  const context: LoweringContext = { provider, accuracyLevel, ...builder, ...createSizes(builder, graph, nameOf) };
  const used = new Set<Tensor | undefined>([...graph.outputs, ...graph.nodes.flatMap((node) => node.inputs)]);

  for (const node of graph.nodes) {
    const names =
      node.kind === "primitive" ? [lowerPrimitive(context, node, nameOf)] : lowerComposite(context, node, nameOf, used);
    node.outputs.forEach((output, index) => {
      values.set(output, names[index] as string);
    });
  }

  const renamed = new Map<string, string>();
  const produced = new Set(builder.nodes.flatMap((node) => node.outputs));
  graph.outputs.forEach((output, index) => {
    const value = nameOf(output);
    const name = outputNames[index] as string;
    if (produced.has(value) && !renamed.has(value)) renamed.set(value, name);
    else renamed.set(context.node("Identity", [value]), name);
  });
  const rename = (name: string): string => renamed.get(name) ?? name;
  return {
    opset,
    inputs: graph.inputs.filter((input) => !external.has(input)).map((input) => describe(nameOf(input), input)),
    outputs: graph.outputs.map((output, index) => describe(outputNames[index] as string, output)),
    initializers: builder.initializers,
    ...(external.size > 0 && {
      external: [...external].map(([input, place]) => {
        return { name: nameOf(input), type: input.dtype, shape: input.shape as readonly number[], ...place };
      }),
    }),
    nodes: builder.nodes.map((node) => renameValues(node, rename)),
  };
}

function lowerPrimitive(context: LoweringContext, node: PrimitiveNode, nameOf: (tensor: Tensor) => string): string {
  const inputs = node.inputs.map(nameOf);
  const call = { inputs, types: node.inputs, attributes: node.attributes as never, output: node.outputs[0] };
  return primitiveRow(node.op)(context, call);
}

function lowerComposite(
  context: LoweringContext,
  node: CompositeNode,
  nameOf: (tensor: Tensor) => string,
  used: ReadonlySet<Tensor | undefined>,
): readonly string[] {
  const call = callOf(node);
  const fusion = fusions[node.op];
  const claimed = fusion?.supports[context.provider](call) ? fusion : undefined;
  check(claimed, "lower", () => {
    return `a composite that "${context.provider}" does not run must be decomposed first, got ${node.op}`;
  });
  const inputs = node.inputs.map((input) => input && nameOf(input));
  return claimed.lower(context, { ...call, values: inputs, needed: node.outputs.map((output) => used.has(output)) });
}

/** A node with its values by other names, also those that its branches read. */
function renameValues(node: OnnxNode, rename: (name: string) => string): OnnxNode {
  const attributes = Object.entries(node.attributes).map(([name, attribute]) => {
    if (attribute.type !== "graph") return [name, attribute] as const;
    const { nodes, outputs } = attribute.value;
    return [name, branch({ nodes: nodes.map((inner) => renameValues(inner, rename)), outputs })] as const;
  });
  return {
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: Object.fromEntries(attributes),
  };
}

function describe(name: string, tensor: Tensor): OnnxValue {
  return {
    name,
    type: tensor.dtype,
    shape: tensor.shape.map((dim: Dim) => (typeof dim === "number" ? dim : printDim(dim))),
  };
}
