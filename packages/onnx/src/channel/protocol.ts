import type { BackendDetails } from "@relpos/core/backend";
import type { OrtService } from "../session/service.js";

/** What a worker serves: sessions and tensors, once it was started. */
export interface StartableService<Options> extends OrtService {
  /** The first request. Answers with what ONNX Runtime runs on. */
  start(options: Options): Promise<BackendDetails>;
}

type Method = keyof StartableService<unknown>;

/** One call of the service. */
export type Request<Options = unknown> = {
  readonly [M in Method]: {
    readonly id: number;
    readonly method: M;
    readonly argument: Parameters<StartableService<Options>[M]>[0];
  };
}[Method];

/** Its result, or the text of its error. */
export type Reply = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };
