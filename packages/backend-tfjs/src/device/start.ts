import { engine, getKernelsForBackend, type KernelBackend } from "@tensorflow/tfjs-core";
import type { DeviceName } from "./tfjs-tensor.js";

const starting = new Map<DeviceName, Promise<KernelBackend>>();

/**
 * What TensorFlow.js has for a device: one object for the whole process, which is made, after a preparation, when it is
 * first asked for. What TensorFlow.js's own engine runs on does not change.
 */
export function start<B extends KernelBackend>(name: DeviceName, prepare?: () => void): Promise<B> {
  const known = starting.get(name) ?? make(name, prepare);
  starting.set(name, known);
  known.catch(() => starting.delete(name));
  return known as Promise<B>;
}

async function make(name: DeviceName, prepare: (() => void) | undefined): Promise<KernelBackend> {
  const { registry, registryFactory } = engine();
  const running = registry[name];
  if (running) return running;
  const entry = registryFactory[name];
  if (!entry) throw new Error("TensorFlow.js does not offer it here");
  prepare?.();
  const backend = await entry.factory();
  registry[name] = backend;
  for (const { setupFunc } of getKernelsForBackend(name)) setupFunc?.(backend);
  return backend;
}
