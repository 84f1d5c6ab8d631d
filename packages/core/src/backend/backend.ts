import type { CompositeCall } from "../composites/composite.js";
import type { Graph } from "../graph/graph.js";
import type { DType } from "../tensor/dtype.js";
import type { HostTensor } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";

/**
 * Something that runs graphs. A backend is a value: several can live in one process. `T` is its own handle of a tensor
 * that it holds.
 */
export interface Backend<T = unknown> {
  readonly specVersion: 1;
  /** For example `reference` or `ort-node:cpu`. */
  readonly name: string;
  readonly dtypes: ReadonlySet<DType>;
  /** What it runs on, for people: the runtime's version, threads, the name of a GPU. */
  readonly details?: BackendDetails;
  /** Whether it runs this call fused. Default is that it runs none; composites are then decomposed. */
  supports?(call: CompositeCall): boolean;
  compile(graph: Graph, options?: CompileOptions<T>): Promise<Executable<T>>;
  upload(value: HostTensor, options?: UploadOptions): Promise<T>;
  /**
   * Holds a tensor that lies in a file, to be given to `compile` as a constant; nothing is read before. The file must stay as
   * it is. Default is that it cannot: files are read and uploaded.
   */
  map?(value: FileTensor): T;
  download(tensor: T): Promise<HostTensor>;
  /** Frees a tensor. A second call, or one for a donated tensor, does nothing. */
  dispose(tensor: T): void;
  /** What it holds now; the same before and after work whose results were disposed. */
  memory(): Promise<BackendMemory>;
  /** Frees everything. A second call does nothing. */
  close(): Promise<void>;
}

export type BackendDetails = Readonly<Record<string, string | number | boolean>>;

export interface BackendMemory {
  /** Tensors that the runtime has not freed, constants of executables included. */
  readonly tensors: number;
}

/** A tensor in a file: elements in row-major order, little-endian. */
export interface FileTensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly path: string;
  /** Its first byte. */
  readonly offset: number;
}

export interface UploadOptions {
  /** Whether the backend may take the memory of the data, which is empty then, instead of copying it. Default `false`. */
  readonly transfer?: boolean;
}

export interface CompileOptions<T = unknown> {
  /**
   * Inputs whose values are not needed after a run, each with the output of the same type that takes its place: the
   * backend may write that output into the input's memory. Feeding a donated input gives the tensor away: it is
   * disposed by the run. Default is none.
   */
  readonly donated?: readonly Donation[];
  /**
   * Inputs that are the same in every run, which are not fed then: the backend may keep them in the form that it computes with.
   * They are disposed after the executable was closed. Default is none.
   */
  readonly constants?: ReadonlyMap<Tensor, T>;
  readonly signal?: AbortSignal;
}

export interface Donation {
  readonly input: Tensor;
  /** Index of the output. */
  readonly output: number;
}

/** A graph made ready to run. */
export interface Executable<T = unknown> {
  /** What really runs: composites that the backend does not claim are decomposed in it. Its inputs are the graph's. */
  readonly graph: Graph;
  /** Runs it. Every input of the graph is fed; outputs come in the graph's order and belong to the caller. */
  run(feeds: ReadonlyMap<Tensor, T>, options?: RunOptions): Promise<readonly T[]>;
  /** Frees it. A second call does nothing. */
  close(): Promise<void>;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
}
