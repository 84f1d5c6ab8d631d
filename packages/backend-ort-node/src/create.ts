import { realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import { check, RelposError } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { type AccuracyLevel, copyModels, createOrtBackend, type OrtTensor, typesOf } from "@relpos/onnx";
import { startWorker } from "./channel.js";

export interface OrtNodeOptions {
  /** Where graphs run. Default `"cpu"`. */
  readonly device?: "cpu" | "webgpu" | "cuda";
  /** Threads of one operation. Default is one for each physical core. */
  readonly threads?: number;
  /**
   * How exactly products with weights in blocks of 4 or 8 bits are computed on the CPU: 4 rounds both sides to 8 bits, 0 computes
   * in float32, which takes much longer for 8 bits. Default 4.
   */
  readonly accuracyLevel?: AccuracyLevel;
}

type Device = NonNullable<OrtNodeOptions["device"]>;

/** Where a file really is: ONNX Runtime refuses links that lead out of a folder. */
function locate(path: string): { readonly folder: string; readonly file: string } {
  const real = realpathSync(path);
  return { folder: dirname(real), file: basename(real) };
}

/** What to do where a device cannot be started. */
const remedies: Readonly<Record<Device, string>> = {
  cpu: "Reinstall onnxruntime-node for this platform.",
  webgpu:
    "A Vulkan, Metal or Direct3D 12 driver is needed; to test without a GPU set VK_ICD_FILENAMES to SwiftShader's vk_swiftshader_icd.json.",
  cuda: "Run onnxruntime-node's install script, which downloads the CUDA provider, and install CUDA 12 with cuDNN 9.",
};

/**
 * A backend on ONNX Runtime for Node. It runs in a worker thread, so that the event loop stays free.
 *
 * A run that is aborted rejects at once; the worker finishes and drops it, and donated tensors are gone. `close` waits
 * for a run in progress: Node crashes when `process.exit` comes in the middle of one. Errors when the device cannot be
 * started.
 */
export async function createOrtNodeBackend(options: OrtNodeOptions = {}): Promise<Backend<OrtTensor>> {
  const { device = "cpu", threads, accuracyLevel } = options;
  check(
    device in remedies,
    "createOrtNodeBackend",
    () => `device must be one of ${Object.keys(remedies).join(", ")}, got ${device}`,
  );
  check(threads === undefined || (Number.isInteger(threads) && threads > 0), "createOrtNodeBackend", () => {
    return `threads must be a positive whole number, got ${threads}`;
  });
  check(accuracyLevel === undefined || accuracyLevel === 0 || accuracyLevel === 4, "createOrtNodeBackend", () => {
    return `accuracyLevel must be 0 or 4, got ${accuracyLevel}`;
  });
  return start(device, threads, accuracyLevel).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RelposError("createOrtNodeBackend", `cannot start "${device}". ${remedies[device]} (${reason})`, {
      cause: error,
    });
  });
}

/**
 * Held by the worker that uses WebGPU: two at a time crash the process, on one GPU and on two
 * (https://github.com/microsoft/onnxruntime/issues/32561).
 */
const webgpuLock = new Int32Array(new SharedArrayBuffer(4));

async function start(
  device: Device,
  threads: number | undefined,
  accuracyLevel: AccuracyLevel | undefined,
): Promise<Backend<OrtTensor>> {
  const webgpu = device === "webgpu" ? { copyModels: copyModels(), lock: webgpuLock } : {};
  const service = await startWorker({ device, threads, ...webgpu });
  try {
    const dtypes = device === "cpu" ? {} : { dtypes: await typesOf(service, device) };
    const { details } = service;
    return createOrtBackend({
      name: `ort-node:${device}`,
      provider: device,
      service,
      details,
      ...dtypes,
      inPlace: device !== "webgpu",
      feedsInPlace: device === "cpu",
      accuracyLevel,
      ...(device === "cpu" && { locate }),
    });
  } catch (error) {
    await service.close();
    throw error;
  }
}
