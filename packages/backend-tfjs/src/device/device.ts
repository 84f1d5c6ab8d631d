import { UnsupportedError } from "@relpos/core";
import type { BackendDetails } from "@relpos/core/backend";
import { getKernel, type KernelBackend, type NamedAttrMap, type NamedTensorInfoMap } from "@tensorflow/tfjs-core";
import type { DeviceName, TfjsData, TfjsDType, TfjsTensor } from "./tfjs-tensor.js";

/** The tensors that a kernel of TensorFlow.js takes: by name, or in a row. */
export type KernelInputs = Readonly<Record<string, TfjsTensor>> | readonly TfjsTensor[];

/** Arrays for the elements of each type. */
export const arrayOf: Readonly<Record<TfjsDType, new (values: number | ArrayLike<number>) => TfjsData>> = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
};

/** Memory that JavaScript reads and writes: that of cpu and wasm. */
export interface DeviceMemory {
  /** A tensor whose elements are to be written; what they are until then is not known. */
  allocate(shape: readonly number[], dtype: TfjsDType): TfjsTensor;
  /** The elements of a tensor, in place. To be asked for again after another tensor was made. */
  elements(x: TfjsTensor): TfjsData;
}

export interface DeviceTraits {
  /** Default: JavaScript cannot reach it, as on GPUs. */
  readonly memory?: DeviceMemory;
  /** Throws when work that was handed over has failed since. Default: kernels throw themselves. */
  readonly throwFailure?: () => void;
  readonly details?: BackendDetails;
  /** Default is to do nothing: TensorFlow.js keeps the device. */
  readonly close?: () => void;
}

/** A device whose memory JavaScript reads and writes. */
export type MemoryDevice = Device & { readonly memory: DeviceMemory };

/**
 * A device of TensorFlow.js, and the tensors that one backend of relpos holds on it.
 *
 * Kernels are called with the device that they are to run on: TensorFlow.js's engine with its current backend, its scopes
 * and its tape has no part in it, so that several devices work side by side.
 */
export class Device {
  readonly name: DeviceName;
  readonly memory: DeviceMemory | undefined;
  /** What it runs on, for people. */
  readonly details: BackendDetails;
  readonly close: () => void;
  private readonly backend: KernelBackend;
  private readonly throwFailure: (() => void) | undefined;
  private held = 0;
  private made: TfjsTensor[] | undefined;

  constructor(
    name: DeviceName,
    backend: KernelBackend,
    { memory, throwFailure, details = {}, close = () => {} }: DeviceTraits = {},
  ) {
    this.name = name;
    this.backend = backend;
    this.throwFailure = throwFailure;
    this.details = details;
    this.close = close;
    this.memory = memory && {
      allocate: (shape, dtype) => this.hold(memory.allocate(shape, dtype)),
      elements: memory.elements,
    };
  }

  /** How many tensors were made and not freed. */
  get tensors(): number {
    return this.held;
  }

  hasMemory(): this is MemoryDevice {
    return this.memory !== undefined;
  }

  /** Runs a kernel of TensorFlow.js. Errors where it has none of the name for the device. */
  run(kernel: string, inputs: KernelInputs, attributes: object = {}): TfjsTensor {
    const found = getKernel(kernel, this.name);
    if (!found) throw new UnsupportedError("TensorFlow.js", `has no kernel ${kernel}`);
    const output = found.kernelFunc({
      inputs: inputs as NamedTensorInfoMap,
      attrs: attributes as NamedAttrMap,
      backend: this.backend,
    });
    return this.hold(output as TfjsTensor);
  }

  /** A tensor of values, which from then on belong to it. */
  write(values: TfjsData, shape: readonly number[], dtype: TfjsDType): TfjsTensor {
    const own = [...shape];
    return this.hold({ dataId: this.backend.write(values, own, dtype), shape: own, dtype });
  }

  /** The elements of a tensor, copied from the device. */
  async read({ dataId, dtype }: TfjsTensor): Promise<TfjsData> {
    const values = (await this.backend.read(dataId)) as TfjsData;
    this.throwFailure?.();
    return new arrayOf[dtype](values);
  }

  /** The same elements in another shape; nothing is copied. */
  view(x: TfjsTensor, shape: readonly number[]): TfjsTensor {
    return this.run("Reshape", { x }, { shape });
  }

  /** One value everywhere. */
  fill(shape: readonly number[], dtype: TfjsDType, value: number): TfjsTensor {
    return this.run("Fill", {}, { shape, dtype, value });
  }

  scalar(value: number, dtype: TfjsDType): TfjsTensor {
    return this.write(new arrayOf[dtype]([value]), [], dtype);
  }

  free(x: TfjsTensor): void {
    this.held--;
    this.backend.disposeData(x.dataId);
  }

  /** Frees the tensors that a function makes, but for the one that it returns. */
  tidy<R extends TfjsTensor | undefined>(f: () => R): R {
    const outer = this.made;
    const made: TfjsTensor[] = [];
    this.made = made;
    let result: R | undefined;
    try {
      result = f();
      if (result) outer?.push(result);
      return result;
    } finally {
      this.made = outer;
      for (const x of made) if (x !== result) this.free(x);
    }
  }

  private hold(x: TfjsTensor): TfjsTensor {
    this.held++;
    this.made?.push(x);
    return x;
  }
}
