import type { TensorData } from "@relpos/core";

/** What the driver needs of onnxruntime-common; the packages onnxruntime-node and onnxruntime-web both provide it. */
export interface OrtRuntime {
  readonly InferenceSession: { create(model: Uint8Array, options: OrtSessionOptions): Promise<OrtSession> };
  readonly Tensor: new (type: string, data: TensorData, dims: readonly number[]) => OrtValue;
}

/** Options of a session, as onnxruntime-common names them. */
export interface OrtSessionOptions {
  readonly [option: string]: unknown;
  readonly externalData?: readonly { readonly path: string; readonly data: Uint8Array }[];
}

export interface OrtSession {
  run(
    feeds: Readonly<Record<string, OrtValue>>,
    fetches: Readonly<Record<string, OrtValue | null>>,
    options?: { readonly logSeverityLevel: 4 },
  ): Promise<Readonly<Record<string, OrtValue>>>;
  release(): Promise<void>;
}

/** A tensor of ONNX Runtime. */
export interface OrtValue {
  readonly dims: readonly number[];
  /** How many elements. */
  readonly size: number;
  /** Where the elements are: `cpu`, `gpu-buffer`. */
  readonly location: string;
  getData(): Promise<unknown>;
  dispose(): void;
}
