export type DeviceName = "cpu" | "wasm" | "webgl" | "webgpu";

/** Element types that every device computes with. */
export type TfjsDType = "float32" | "int32" | "bool";

/** Elements as JavaScript holds them. */
export type TfjsData = Float32Array | Int32Array | Uint8Array;

/** A tensor that a device of TensorFlow.js holds. */
export interface TfjsTensor {
  readonly dataId: object;
  readonly shape: number[];
  readonly dtype: TfjsDType;
}
