import { type DType, elementCount, type HostTensor, tensor, toStorage } from "@relpos/core";
import type { OnnxAttribute, OnnxBranch, OnnxInitializer, OnnxNode, OnnxValue } from "../model/model.js";
import { castTarget } from "./cast-target.js";

export type NodeAttributes = Readonly<Record<string, OnnxAttribute>>;

/** Collects the nodes and initializers of a model; every method that makes a value returns its name. */
export interface Builder {
  /** The nodes so far, of the branch that is being made or of the graph. */
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
  /** A name that starts with `hint` and is not taken. */
  name(hint: string): string;
  /** A node with one output. */
  node(
    operation: string,
    inputs: readonly (string | undefined)[],
    attributes?: NodeAttributes,
    domain?: string,
  ): string;
  /** A node with several outputs; those that nobody needs are "". */
  outputs(
    operation: string,
    inputs: readonly (string | undefined)[],
    needed: readonly boolean[],
    attributes?: NodeAttributes,
    domain?: string,
  ): readonly string[];
  /** The nodes of a branch, which is made of the graph's values and may hold none that others read. */
  branch(make: () => OnnxValue): OnnxBranch;
  /** A value that is made when it is first asked for; not to be made within a branch. */
  once(key: string, make: () => string): string;
  cast(value: string, dtype: DType): string;
  /** A vector of 64-bit integers, shared by all who need the same. */
  int64(values: readonly number[]): string;
  /** An initializer; scalars of the same value are shared. */
  constant(value: HostTensor): string;
  /** A scalar of a dtype. */
  scalar(value: number, dtype: DType): string;
}

/** An empty model in the making. */
export function createBuilder(): Builder {
  let nodes: OnnxNode[] = [];
  const initializers: OnnxInitializer[] = [];
  const taken = new Map<string, number>();
  const shared = new Map<unknown, string>();

  const name = (hint: string): string => {
    const count = taken.get(hint);
    taken.set(hint, (count ?? 0) + 1);
    return count === undefined ? hint : name(`${hint}_${count}`);
  };
  const share = (key: unknown, make: () => string): string => {
    const known = shared.get(key) ?? make();
    shared.set(key, known);
    return known;
  };
  const initialize = (hint: string, initializer: Omit<OnnxInitializer, "name">): string => {
    const unique = name(hint);
    initializers.push({ name: unique, ...initializer });
    return unique;
  };
  const outputs: Builder["outputs"] = (operation, inputs, needed, attributes = {}, domain = "") => {
    const hint = operation.charAt(0).toLowerCase() + operation.slice(1);
    const names = needed.map((use) => (use ? name(hint) : ""));
    nodes.push({ operation, domain, inputs: withoutTrailingGaps(inputs), outputs: names, attributes });
    return names;
  };
  const node: Builder["node"] = (operation, inputs, attributes, domain) => {
    return outputs(operation, inputs, [true], attributes, domain)[0] as string;
  };
  const constant = (value: HostTensor): string => {
    const small = elementCount(value.shape) === 1;
    const key = small ? `${value.dtype}[${value.shape}]${Object.is(value.data[0], -0) ? "-0" : value.data[0]}` : value;
    const { shape, dtype } = value;
    return share(key, () => initialize("constant", { type: dtype, shape, data: toStorage(value) }));
  };

  return {
    get nodes() {
      return nodes;
    },
    initializers,
    name,
    node,
    outputs,
    branch: (make) => {
      const around = nodes;
      nodes = [];
      const output = make();
      const made = { nodes, outputs: [output] };
      nodes = around;
      return made;
    },
    once: (key, make) => share(`once ${key}`, make),
    cast: (value, dtype) => node("Cast", [value], { to: castTarget(dtype) }),
    int64: (values) => {
      const data = () => BigInt64Array.from(values, BigInt);
      return share(`int64 ${values}`, () =>
        initialize("sizes", { type: "int64", shape: [values.length], data: data() }),
      );
    },
    constant,
    scalar: (value, dtype) => constant(tensor([value], [], dtype)),
  };
}

function withoutTrailingGaps(inputs: readonly (string | undefined)[]): readonly string[] {
  const names = inputs.map((input) => input ?? "");
  while (names.at(-1) === "") names.pop();
  return names;
}
