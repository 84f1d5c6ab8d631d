import type { DType } from "@relpos/core";
import type { OrtRuntime, OrtSession, OrtSessionOptions, OrtValue } from "./runtime.js";

/** For each type of element that can stay in a device's memory, a model that copies a tensor, `x` to `y`. */
export type CopyModels = Readonly<Partial<Record<DType, Uint8Array>>>;

/** Memory of a device apart from the host's. Tensors get there and back as input and output of a copying session. */
export interface DeviceMemory {
  /** The option of a session that leaves its outputs where they were computed. */
  keeping(outputs: readonly string[], types: readonly DType[]): OrtSessionOptions;
  /** The tensor on the device, if its type can be there and it has elements; the host's otherwise. */
  toDevice(value: OrtValue, dtype: DType): Promise<OrtValue>;
  toHost(value: OrtValue, dtype: DType): Promise<OrtValue>;
  close(): Promise<void>;
}

/** What ONNX Runtime calls a tensor's place on a device. */
const onDevice = "gpu-buffer";

export function createDeviceMemory(runtime: OrtRuntime, options: OrtSessionOptions, models: CopyModels): DeviceMemory {
  const sessions = new Map<string, Promise<OrtSession>>();
  const copy = async (value: OrtValue, dtype: DType, place: typeof onDevice | "cpu"): Promise<OrtValue> => {
    const key = `${dtype} ${place}`;
    const opened =
      sessions.get(key) ??
      runtime.InferenceSession.create(models[dtype] as Uint8Array, { ...options, preferredOutputLocation: place });
    sessions.set(key, opened);
    const { y } = await (await opened).run({ x: value }, { y: null });
    return y as OrtValue;
  };
  return {
    keeping: (outputs, types) => ({
      preferredOutputLocation: Object.fromEntries(
        outputs.map((name, index) => [name, models[types[index]!] ? onDevice : "cpu"]),
      ),
    }),
    toDevice: async (value, dtype) => (models[dtype] && value.size > 0 ? copy(value, dtype, onDevice) : value),
    toHost: async (value, dtype) => (value.location === onDevice ? copy(value, dtype, "cpu") : value),
    close: async () => {
      for (const opened of sessions.values()) await (await opened).release();
      sessions.clear();
    },
  };
}
