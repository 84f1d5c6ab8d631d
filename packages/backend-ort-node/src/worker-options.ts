import type { CopyModels } from "@relpos/onnx";

/** What the worker is started with. */
export interface WorkerOptions {
  /** The execution provider's name in ONNX Runtime. */
  readonly device: "cpu" | "webgpu" | "cuda";
  readonly threads: number | undefined;
  /** Where the device keeps tensors between runs. */
  readonly copyModels?: CopyModels | undefined;
  /** Held by the worker that works, where only one may at a time: 0 when free, 1 when taken. */
  readonly lock?: Int32Array<SharedArrayBuffer> | undefined;
}
