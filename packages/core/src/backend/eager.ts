import type { CompositeCall } from "../composites/composite.js";
import { check, UnsupportedError } from "../errors.js";
import { bindDimensions, type Graph } from "../graph/graph.js";
import { prepare } from "../graph/prepare.js";
import { inferPrimitive } from "../primitives/infer.js";
import { mapAttributeDims, type PrimitiveAttributes, type PrimitiveName } from "../primitives/primitives.js";
import { type DimBindings, evaluateDim } from "../tensor/dimension.js";
import type { DType } from "../tensor/dtype.js";
import type { HostTensor } from "../tensor/host-tensor.js";
import type { Attributes, Node, PrimitiveNode } from "../tensor/node.js";
import type { Tensor, TensorType } from "../tensor/tensor.js";
import type { Backend, BackendDetails, CompileOptions, Executable, RunOptions } from "./backend.js";

/** A type whose sizes have their values. */
export interface KernelType {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/**
 * One call of a kernel: inputs with their types, attributes with sizes as numbers, and the type to produce. The rules of
 * the primitive hold; a kernel need not check them.
 */
export interface KernelCall<T, A> {
  readonly inputs: readonly T[];
  readonly inputTypes: readonly KernelType[];
  readonly attributes: A;
  readonly outputType: KernelType;
}

/**
 * Computes one primitive with attributes A; by default one that has none. The result is a new handle, never one of the
 * inputs.
 */
export type Kernel<T, A = PrimitiveAttributes["add"]> = (call: KernelCall<T, A>) => T;

/** One kernel for each primitive that a graph can run; `constant` is served by `upload`. */
export type KernelTable<T> = {
  readonly [N in Exclude<PrimitiveName, "constant">]: Kernel<T, PrimitiveAttributes<number>[N]>;
};

/** Runs one composite fused. Inputs that are optional and absent are undefined. */
export interface FusedKernel<T> {
  supports(call: CompositeCall): boolean;
  run(call: {
    readonly inputs: readonly (T | undefined)[];
    readonly inputTypes: readonly (KernelType | undefined)[];
    readonly attributes: Attributes;
    readonly outputTypes: readonly KernelType[];
  }): readonly T[];
}

/** What an eager library gives to become a backend. */
export interface EagerBackendDefinition<T> {
  readonly name: string;
  readonly dtypes: readonly DType[];
  readonly kernels: KernelTable<T>;
  /** Composites that the library runs as one operation, by name. Default is none. */
  readonly fused?: Readonly<Record<string, FusedKernel<T>>>;
  upload(value: HostTensor): T;
  download(tensor: T): HostTensor | Promise<HostTensor>;
  /** Sizes of a tensor, which bind named dimensions when a graph runs. */
  shapeOf(tensor: T): readonly number[];
  dispose(tensor: T): void;
  /** How many tensors the library has not freed. Default is to count handles that were not disposed. */
  tensors?(): number;
  readonly details?: BackendDetails;
  /** Default is to do nothing. */
  close?(): Promise<void> | void;
}

/** How long kernels may run, in one run or many, before pending events of the host, such as an abort, get their turn. */
const sliceMilliseconds = 20;

/** A backend from a table of kernels: an interpreter that frees every value after its last use. */
export function defineEagerBackend<T extends object>(definition: EagerBackendDefinition<T>): Backend<T> {
  const dtypes = new Set(definition.dtypes);
  const live = new Set<T>();
  const executables = new Set<EagerExecutable<T>>();
  const slice = { start: performance.now() };
  let closed = false;

  const hold = (handle: T): T => {
    live.add(handle);
    return handle;
  };
  const release = (handle: T): void => {
    if (live.delete(handle)) definition.dispose(handle);
  };
  const requireOpen = (operation: string): void => {
    check(!closed, operation, () => `backend "${definition.name}" is closed`);
  };
  const requireDType = (operation: string, dtype: DType): void => {
    if (!dtypes.has(dtype)) throw new UnsupportedError(operation, `backend "${definition.name}" has no dtype ${dtype}`);
  };
  const supports = (call: CompositeCall): boolean => definition.fused?.[call.name]?.supports(call) ?? false;
  const upload = (value: HostTensor): T => {
    requireDType("upload", value.dtype);
    return hold(definition.upload(value));
  };

  return {
    specVersion: 1,
    name: definition.name,
    dtypes,
    ...(definition.details && { details: definition.details }),
    supports,
    compile: async (source, options) => {
      requireOpen("compile");
      options?.signal?.throwIfAborted();
      const graph = prepare(source, supports);
      for (const tensor of [...graph.inputs, ...graph.nodes.flatMap((node) => node.outputs)]) {
        requireDType(tensor.node?.op ?? "input", tensor.dtype);
      }
      const store = { hold, release, upload, live, slice };
      const executable = new EagerExecutable(graph, definition, store, options, () => executables.delete(executable));
      executables.add(executable);
      return executable;
    },
    upload: async (value) => {
      requireOpen("upload");
      return upload(value);
    },
    download: async (handle) => {
      requireOpen("download");
      check(live.has(handle), "download", () => "the tensor was disposed");
      return definition.download(handle);
    },
    dispose: release,
    memory: async () => {
      requireOpen("memory");
      return { tensors: definition.tensors?.() ?? live.size };
    },
    close: async () => {
      if (closed) return;
      closed = true;
      for (const executable of executables) await executable.close();
      for (const handle of [...live]) release(handle);
      await definition.close?.();
    },
  };
}

/** The handles that a backend holds. */
interface Store<T> {
  readonly live: ReadonlySet<T>;
  /** When pending events of the host last had their turn. */
  readonly slice: { start: number };
  hold(handle: T): T;
  release(handle: T): void;
  upload(value: HostTensor): T;
}

class EagerExecutable<T extends object> implements Executable<T> {
  readonly graph: Graph;
  private readonly definition: EagerBackendDefinition<T>;
  private readonly store: Store<T>;
  private readonly donated: ReadonlySet<Tensor>;
  private readonly constants = new Map<Tensor, T>();
  private readonly given: ReadonlyMap<Tensor, T>;
  /** For each node, the tensors whose last use it is. */
  private readonly lastUses: readonly (readonly Tensor[])[];
  private readonly onClose: () => void;
  private closed = false;

  constructor(
    graph: Graph,
    definition: EagerBackendDefinition<T>,
    store: Store<T>,
    options: CompileOptions<T> | undefined,
    onClose: () => void,
  ) {
    this.graph = graph;
    this.onClose = onClose;
    this.definition = definition;
    this.store = store;
    this.given = options?.constants ?? new Map();
    this.donated = new Set(options?.donated?.map(({ input }) => input));
    for (const node of graph.nodes) {
      if (node.kind === "primitive" && node.op === "constant") {
        this.constants.set(node.outputs[0], store.upload(node.attributes.value));
      }
    }
    this.lastUses = lastUses(graph);
  }

  async run(feeds: ReadonlyMap<Tensor, T>, options?: RunOptions): Promise<readonly T[]> {
    check(!this.closed, "run", () => "the executable is closed");
    options?.signal?.throwIfAborted();
    const values = new Map<Tensor, T>(this.constants);
    for (const input of this.graph.inputs) {
      const handle = this.given.get(input) ?? feeds.get(input);
      check(handle, "run", () => `input ${input.name ?? ""} was not fed`);
      this.requireLive(input, handle);
      values.set(input, handle);
    }
    const kept = new Set<T>(values.values());
    const bindings = bindDimensions(this.graph, (input) => this.definition.shapeOf(values.get(input) as T));
    try {
      await this.runNodes(values, kept, bindings, options?.signal);
    } catch (error) {
      for (const handle of values.values()) if (!kept.has(handle)) this.store.release(handle);
      throw error;
    }
    return this.collect(values, kept);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const handle of this.constants.values()) this.store.release(handle);
    this.onClose();
  }

  private async runNodes(
    values: Map<Tensor, T>,
    kept: ReadonlySet<T>,
    bindings: DimBindings,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const shapes = new Map<Tensor, readonly number[]>();
    const { slice } = this.store;
    for (const [index, node] of this.graph.nodes.entries()) {
      if (!this.constants.has(node.outputs[0] as Tensor)) this.runNode(node, values, bindings, shapes);
      for (const tensor of this.lastUses[index] ?? []) {
        const handle = values.get(tensor) as T;
        if (!kept.has(handle)) this.store.release(handle);
      }
      if (performance.now() - slice.start > sliceMilliseconds) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        slice.start = performance.now();
        signal?.throwIfAborted();
        check(!this.closed, "run", () => "the executable was closed");
        for (const input of this.graph.inputs) this.requireLive(input, values.get(input) as T);
      }
    }
  }

  private requireLive(input: Tensor, handle: T): void {
    check(this.store.live.has(handle), "run", () => `input ${input.name ?? ""} was disposed`);
  }

  private runNode(
    node: Node,
    values: Map<Tensor, T>,
    bindings: DimBindings,
    shapes: Map<Tensor, readonly number[]>,
  ): void {
    const concrete = (type: TensorType): KernelType => {
      const shape = shapes.get(type as Tensor) ?? type.shape.map((dim) => evaluateDim(dim, bindings));
      shapes.set(type as Tensor, shape);
      return { shape, dtype: type.dtype };
    };
    const inputTypes = node.inputs.map((input) => input && concrete(input));
    const inputs = node.inputs.map((input) => input && (values.get(input) as T));
    const outputTypes = node.outputs.map(concrete);
    const outputs =
      node.kind === "composite"
        ? this.fusedKernel(node.op).run({
            inputs,
            inputTypes,
            attributes: node.attributes,
            outputTypes,
          })
        : [
            runKernel(
              this.definition.kernels,
              node,
              inputs as T[],
              inputTypes as KernelType[],
              outputTypes[0] as KernelType,
              bindings,
            ),
          ];
    node.outputs.forEach((output, index) => {
      values.set(output, this.store.hold(outputs[index] as T));
    });
  }

  private fusedKernel(name: string): FusedKernel<T> {
    const kernel = this.definition.fused?.[name];
    check(kernel, name, () => `backend "${this.definition.name}" claims the composite but has no kernel`);
    return kernel;
  }

  /** Outputs as handles of their own; donated inputs and values of absent users are freed. */
  private collect(values: ReadonlyMap<Tensor, T>, kept: ReadonlySet<T>): readonly T[] {
    const taken = new Set<T>(kept);
    const outputs = this.graph.outputs.map((output) => {
      const handle = values.get(output) as T;
      if (!taken.has(handle)) {
        taken.add(handle);
        return handle;
      }
      const type = { shape: this.definition.shapeOf(handle), dtype: output.dtype };
      const copy = this.definition.kernels.stopGradient({
        inputs: [handle],
        inputTypes: [type],
        attributes: {},
        outputType: type,
      });
      return this.store.hold(copy);
    });
    for (const input of this.donated) this.store.release(values.get(input) as T);
    return outputs;
  }
}

function runKernel<T>(
  kernels: KernelTable<T>,
  node: PrimitiveNode,
  inputs: readonly T[],
  inputTypes: readonly KernelType[],
  outputType: KernelType,
  bindings: DimBindings,
): T {
  const kernel = kernels[node.op as Exclude<PrimitiveName, "constant">] as Kernel<T, unknown>;
  const attributes = mapAttributeDims(node.attributes, (dim: number) => evaluateDim(dim, bindings));
  // Rules about sizes that had no value before: a slice within its tensor, as many elements after a reshape.
  if (bindings.size > 0) inferPrimitive(node.op, inputTypes, attributes);
  return kernel({ inputs, inputTypes, attributes, outputType });
}

/** For each node, its inputs and outputs that nothing needs afterwards. */
function lastUses(graph: Graph): readonly (readonly Tensor[])[] {
  const last = new Map<Tensor, number>();
  graph.nodes.forEach((node, index) => {
    for (const tensor of [...node.inputs, ...node.outputs]) if (tensor) last.set(tensor, index);
  });
  for (const output of graph.outputs) last.delete(output);
  const uses: Tensor[][] = graph.nodes.map(() => []);
  for (const [tensor, index] of last) uses[index]?.push(tensor);
  return uses;
}
