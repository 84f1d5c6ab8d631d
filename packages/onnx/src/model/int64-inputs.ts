import { castTarget } from "../lower/cast-target.js";
import type { OnnxModel } from "./model.js";

/** A model that takes these of its int32 inputs as 64-bit integers, as models of other programs do. */
export function withInt64Inputs(model: OnnxModel, names: ReadonlySet<string>): OnnxModel {
  const narrow = (name: string): string => (names.has(name) ? `${name}_int32` : name);
  const casts = [...names].map((name) => {
    return {
      operation: "Cast",
      domain: "",
      inputs: [name],
      outputs: [narrow(name)],
      attributes: { to: castTarget("int32") },
    };
  });
  return {
    ...model,
    inputs: model.inputs.map((input) => (names.has(input.name) ? { ...input, type: "int64" } : input)),
    nodes: [...casts, ...model.nodes.map((node) => ({ ...node, inputs: node.inputs.map(narrow) }))],
  };
}
