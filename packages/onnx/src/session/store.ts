import { bytesPerElement, check, type DType, elementCount, type HostTensor } from "@relpos/core";
import type { OrtTensor } from "./backend.js";
import type { OrtService } from "./service.js";

/** The handles that a backend has given out. */
export interface Store {
  make(shape: readonly number[], dtype: DType): OrtTensor;
  hold(handle: OrtTensor): OrtTensor;
  /** How many live tensors the service does not hold. */
  readonly kept: number;
  /** Keeps a tensor on this side: it goes along with each run that is fed it. */
  keep(handle: OrtTensor, value: HostTensor): void;
  /** What is kept of a tensor. */
  keptOf(handle: OrtTensor): HostTensor | undefined;
  /** Gives the service a tensor that was kept. */
  give(handle: OrtTensor): void;
  requireLive(operation: string, handle: OrtTensor, what: string): void;
  /** Forgets a handle; whether the service holds its tensor. */
  forget(handle: OrtTensor): boolean;
  dispose(handles: readonly OrtTensor[]): void;
  clear(): void;
}

/** A message takes as long as many bytes in one: tensors of at most so many go along with runs. */
const fewBytes = 4096;

export const isSmall = (shape: readonly number[], dtype: DType): boolean =>
  elementCount(shape) * bytesPerElement[dtype] <= fewBytes;

export function createStore(service: OrtService): Store {
  const live = new Set<OrtTensor>();
  const kept = new Map<OrtTensor, HostTensor>();
  let next = 0;
  const forget = (handle: OrtTensor): boolean => live.delete(handle) && !kept.delete(handle);
  return {
    make: (shape, dtype) => ({ tensor: next++, shape, dtype }),
    hold: (handle) => {
      live.add(handle);
      return handle;
    },
    get kept() {
      return kept.size;
    },
    keep: (handle, value) => kept.set(handle, value),
    keptOf: (handle) => kept.get(handle),
    give: (handle) => {
      const value = kept.get(handle);
      if (value) service.upload({ tensor: handle.tensor, value }).catch(() => {});
      kept.delete(handle);
    },
    requireLive: (operation, handle, what) => check(live.has(handle), operation, () => `${what} was disposed`),
    forget,
    dispose: (handles) => {
      const held = handles.filter(forget);
      if (held.length > 0) service.dispose(held.map(({ tensor }) => tensor)).catch(() => {});
    },
    clear: () => {
      live.clear();
      kept.clear();
    },
  };
}
