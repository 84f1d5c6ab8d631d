import { bytesPerElement, type Graph, type Tensor } from "@relpos/core";

/** What a graph needs to run, in bytes. */
export interface MemoryEstimate {
  /** Inputs and constants: in training, parameters, optimizer state and one batch. */
  readonly held: number;
  /** The most that intermediate results take at once, when each is freed after its last use. */
  readonly peak: number;
}

/** Estimates the memory of a graph with known sizes from the lifetimes of its tensors. Backends may need more. */
export function estimateMemory({ inputs, outputs, nodes }: Graph): MemoryEstimate {
  const lastUse = new Map<Tensor, number>();
  nodes.forEach((node, index) => {
    for (const input of node.inputs) if (input) lastUse.set(input, index);
  });
  const kept = new Set([...inputs, ...outputs]);
  const freedAt = new Map<number, Tensor[]>();
  for (const [tensor, index] of lastUse) {
    if (!kept.has(tensor)) freedAt.set(index, [...(freedAt.get(index) ?? []), tensor]);
  }
  const isConstant = (tensor: Tensor): boolean => tensor.node?.kind === "primitive" && tensor.node.op === "constant";
  let [held, live, peak] = [sum(inputs), 0, 0];
  nodes.forEach((node, index) => {
    for (const output of node.outputs) {
      if (isConstant(output)) held += bytesOf(output);
      else live += bytesOf(output);
    }
    peak = Math.max(peak, live);
    for (const tensor of freedAt.get(index) ?? []) if (!isConstant(tensor)) live -= bytesOf(tensor);
  });
  return { held, peak };
}

function sum(tensors: readonly Tensor[]): number {
  return tensors.reduce((total, tensor) => total + bytesOf(tensor), 0);
}

/** Bytes of a tensor; dimensions that are only named count 1. */
function bytesOf({ shape, dtype }: Tensor): number {
  return shape.reduce<number>((size, dim) => size * (typeof dim === "number" ? dim : 1), bytesPerElement[dtype]);
}
