import type { OrtService } from "@relpos/onnx";

/** What the worker is started with. */
export interface WorkerOptions {
  /** The execution provider's name in ONNX Runtime. */
  readonly device: "cpu" | "webgpu" | "cuda";
  readonly threads: number | undefined;
}

type Method = keyof OrtService;

/** One call of the service. */
export type Request = {
  readonly [M in Method]: { readonly id: number; readonly method: M; readonly argument: Parameters<OrtService[M]>[0] };
}[Method];

/** Its result; or the text of its error. The first message, with id −1, says that the worker is ready, with its details. */
export type Reply = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };

/** The id of the message that says that the worker is ready. */
export const readyId = -1;
