import type { OnnxAttribute, OnnxBranch, OnnxInitializer, OnnxModel, OnnxNode, OnnxValue } from "./model.js";

/** Initializers of at most so many elements are printed whole. */
const printedElements = 8;

/** A model as text, one line for each node: what golden tests compare. */
export function printOnnx(model: OnnxModel): string {
  return [
    `model(${model.inputs.map(printValue).join(", ")}) {`,
    ...model.initializers.map((initializer) => `  ${printInitializer(initializer)}`),
    ...(model.external ?? []).map(({ name, type, shape, path, offset }) => {
      return `  ${name}: ${type}[${shape.join(", ")}] = ${path} at ${offset}`;
    }),
    ...model.nodes.map((node) => `  ${printNode(node)}`),
    `  return ${model.outputs.map(printValue).join(", ")}`,
    "}",
  ].join("\n");
}

function printValue({ name, type, shape }: OnnxValue): string {
  return `${name}: ${type}${shape ? `[${shape.join(", ")}]` : ""}`;
}

function printInitializer({ name, type, shape, data }: OnnxInitializer): string {
  const values = data.length > printedElements ? "..." : [...data].join(", ");
  return `${name}: ${type}[${shape.join(", ")}] = {${values}}`;
}

function printNode({ operation, domain, inputs, outputs, attributes }: OnnxNode): string {
  const written = Object.entries(attributes).map(([name, attribute]) => `${name}=${printAttribute(attribute)}`);
  const brackets = written.length > 0 ? `<${written.join(", ")}>` : "";
  const results = outputs.map((name) => name || "_").join(", ");
  return `${results} = ${domain ? `${domain}.` : ""}${operation}${brackets}(${inputs.map((name) => name || "_").join(", ")})`;
}

function printAttribute({ type, value }: OnnxAttribute): string {
  if (type === "graph") return printBranch(value);
  return type === "ints" ? `[${value.join(", ")}]` : String(value);
}

const printBranch = ({ nodes, outputs }: OnnxBranch): string =>
  `{ ${[...nodes.map(printNode), `return ${outputs.map(printValue).join(", ")}`].join("; ")} }`;
