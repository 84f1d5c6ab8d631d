import type { Backend } from "./backend.js";

export interface BackendChoice {
  /** One of the provider's devices. Default is the first. */
  readonly device?: string | undefined;
  /** Threads of one operation, where the device has them. Default is the backend's choice. */
  readonly threads?: number | undefined;
  /** For products with weights in blocks: 0 in float32, 4 with both sides in 8 bits. Default is the backend's; some have no choice. */
  readonly accuracyLevel?: 0 | 4 | undefined;
}

/**
 * A backend that can be started by its name: what a package exports as `provider`, so that programs that know nothing of
 * it can offer it.
 */
export interface BackendProvider {
  /** As users write it, for example `ort-node`. */
  readonly name: string;
  /** A few words. */
  readonly summary: string;
  /** Where it can run; the first is the default. */
  readonly devices: readonly [string, ...string[]];
  /** Starts it. Errors when the device cannot be started here, telling what to do. */
  create(choice?: BackendChoice): Promise<Backend>;
}
