import { elementCount } from "@relpos/core";
import type { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import { env } from "@tensorflow/tfjs-core";
import { arrayOf, Device } from "./device.js";
import { start } from "./start.js";
import type { TfjsData, TfjsTensor } from "./tfjs-tensor.js";

/** Plain JavaScript, on every machine. */
export async function openCpu(): Promise<Device> {
  await import("@tensorflow/tfjs-backend-cpu");
  const backend = await start<MathBackendCPU>("cpu");
  quietly(() => backend.disposeData(backend.write(new Float32Array(1), [1], "float32")));
  const memory = {
    allocate: (shape: readonly number[], dtype: TfjsTensor["dtype"]) => {
      return backend.makeTensorInfo([...shape], dtype, new arrayOf[dtype](elementCount(shape))) as TfjsTensor;
    },
    elements: ({ dataId }: TfjsTensor) => backend.data.get(dataId).values as TfjsData,
  };
  return new Device("cpu", backend, { memory });
}

/** In Node the first tensor makes TensorFlow.js recommend another package, unless it is in production mode. */
function quietly(f: () => void): void {
  const production = env().getBool("PROD");
  env().set("PROD", true);
  try {
    f();
  } finally {
    env().set("PROD", production);
  }
}
