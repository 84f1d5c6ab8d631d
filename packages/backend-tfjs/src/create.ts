import { check, RelposError, toStorage } from "@relpos/core";
import { type Backend, defineEagerBackend } from "@relpos/core/backend";
import { version_core as version } from "@tensorflow/tfjs-core";
import { openCpu } from "./device/cpu.js";
import type { Device } from "./device/device.js";
import type { DeviceName, TfjsData, TfjsDType, TfjsTensor } from "./device/tfjs-tensor.js";
import { openWasm, type WasmOptions } from "./device/wasm.js";
import type { WasmPaths } from "./device/wasm-files.js";
import { openWebgl } from "./device/webgl.js";
import { openWebgpu } from "./device/webgpu.js";
import { fusedOn } from "./kernels/fused.js";
import { kernelsOn } from "./kernels/kernels.js";

export interface TfjsOptions {
  /** Where kernels run. Default `"wasm"`. */
  readonly device?: DeviceName;
  /**
   * Where a browser finds the .wasm files: a URL that ends in `/`, of a CDN for example, or a function that gives the URL
   * of each. Default is where the bundler puts them; in Node they are found beside the code.
   */
  readonly wasmPaths?: WasmPaths;
  /**
   * Threads of wasm in a page that is cross-origin isolated and not minified; elsewhere there is one. Default, and the
   * most that TensorFlow.js takes, is half of the logical cores, up to eight. There is one wasm for a whole
   * page: what the first backend on it asks for holds for all.
   */
  readonly threads?: number;
}

interface Opening {
  open(options: WasmOptions): Promise<Device>;
  /** What to do where it cannot be started. */
  readonly remedy: string;
}

const openings: Readonly<Record<DeviceName, Opening>> = {
  wasm: {
    open: openWasm,
    remedy: "In a browser the .wasm files must be where the bundler put them, or where wasmPaths says.",
  },
  cpu: { open: openCpu, remedy: "Install @tensorflow/tfjs-backend-cpu anew." },
  webgl: {
    open: openWebgl,
    remedy: 'It is for browsers whose WebGL renders 32-bit numbers; "wasm" and "cpu" run everywhere.',
  },
  webgpu: {
    open: openWebgpu,
    remedy: 'It is for browsers that have WebGPU, with a GPU; "wasm" and "cpu" run everywhere.',
  },
};

/** The devices, of which the first is the default. */
export const deviceNames = Object.keys(openings) as [DeviceName, ...DeviceName[]];

/**
 * A backend on TensorFlow.js, of which only what the device needs is loaded. Backends on several devices, and several on
 * one, do not disturb one another, nor what a program does with TensorFlow.js itself.
 *
 * Errors when the device cannot be started.
 */
export async function createTfjsBackend(options: TfjsOptions = {}): Promise<Backend<TfjsTensor>> {
  const { device: name = deviceNames[0], threads } = options;
  check(deviceNames.includes(name), "createTfjsBackend", () => {
    return `device must be one of ${deviceNames.join(", ")}, got ${name}`;
  });
  check(threads === undefined || (Number.isInteger(threads) && threads > 0), "createTfjsBackend", () => {
    return `threads must be a positive whole number, got ${threads}`;
  });
  const { open, remedy } = openings[name];
  const device = await open(options).catch((error: unknown) => {
    const reason = (error as Partial<Error>).message ?? String(error);
    throw new RelposError("createTfjsBackend", `cannot start "${name}". ${remedy} (${reason})`, { cause: error });
  });
  return defineEagerBackend({
    name: `tfjs:${name}`,
    dtypes: ["float32", "int32", "bool"],
    kernels: kernelsOn(device),
    fused: fusedOn(device),
    // A host tensor stays its owner's.
    upload: (value) => device.write(toStorage(value).slice() as TfjsData, value.shape, value.dtype as TfjsDType),
    download: async (x) => ({ shape: x.shape, dtype: x.dtype, data: await device.read(x) }),
    shapeOf: ({ shape }) => shape,
    dispose: (x) => device.free(x),
    tensors: () => device.tensors,
    close: device.close,
    details: { tensorflow: version, ...device.details },
  });
}
