import type { CopyModels } from "@relpos/onnx/driver";

/** Where graphs run. */
export type Device = "wasm" | "webgpu";

/** Where ONNX Runtime's files are: a folder, or each file by itself. */
export type WasmPaths = string | { readonly mjs?: string; readonly wasm?: string };

/** What the worker is started with. */
export interface WorkerOptions {
  readonly device: Device;
  readonly threads: number | undefined;
  readonly wasmPaths: WasmPaths | undefined;
  /** Where the device keeps tensors between runs. */
  readonly copyModels?: CopyModels | undefined;
}
