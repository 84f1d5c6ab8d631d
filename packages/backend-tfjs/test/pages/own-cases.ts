import { createTfjsBackend, type DeviceName } from "../../src/index.js";
import { expectReference, ownCases } from "../own-cases.js";

/** What goes wrong on a device of the browser, by case, on the GPU alone: TensorFlow.js computes small tensors on the CPU. */
export async function main(device: DeviceName): Promise<Readonly<Record<string, string>>> {
  const backend = await createTfjsBackend({ device });
  const { engine, env } = await import("@tensorflow/tfjs-core");
  env().set(`${device.toUpperCase()}_CPU_FORWARD`, false);
  const failures: Record<string, string> = {};
  const held = () => engine().registry[device]!.numDataIds();
  for (const [name, ownCase] of Object.entries(ownCases)) {
    const before = held();
    await expectReference(backend, ownCase).catch((error: Error) => {
      failures[name] = error.message;
    });
    if (held() !== before) failures[`${name}, freed`] = `TensorFlow.js holds ${held()} tensors instead of ${before}`;
  }
  await backend.close();
  return failures;
}
