import type { CompositeCall, FusedKernel } from "@relpos/core/backend";
import type { Device, MemoryDevice } from "../device/device.js";
import type { DeviceName, TfjsTensor } from "../device/tfjs-tensor.js";
import { applyBinary, applyUnary } from "./apply.js";
import { product } from "./contraction.js";
import { scattered } from "./memory/gathering.js";
import { tidily } from "./tidy.js";

type FusedCall = Parameters<FusedKernel<TfjsTensor>["run"]>[0];

/** A composite with one output that runs as one operation: on which devices that is faster, for which calls. */
interface Fusion {
  readonly devices: readonly DeviceName[];
  supports(call: CompositeCall): boolean;
  run(device: Device, call: FusedCall): TfjsTensor;
}

const isReal = ({ inputs }: CompositeCall, index = 0): boolean => inputs[index]?.dtype === "float32";

const fusions: Readonly<Record<string, Fusion>> = {
  /** WebGPU's kernel makes NaN of rows that are all hidden. */
  softmax: {
    devices: ["wasm"],
    supports: (call) => isReal(call) && call.attributes.axis === call.inputs[0]!.shape.length - 1,
    run: (device, { inputs: [x] }) => {
      const logits = device.view(x!, [-1, x!.shape.at(-1)!]);
      return device.view(device.run("Softmax", { logits }, { dim: 1 }), x!.shape);
    },
  },

  /** WebGPU's kernel may make 0 of NaN. */
  sigmoid: {
    devices: ["cpu", "wasm", "webgl"],
    supports: (call) => isReal(call),
    run: (device, { inputs: [x] }) => applyUnary(device, "Sigmoid", x!),
  },

  /** The kernel reads operands as if they were transposed. That of wasm is faster with operands that are. */
  scaledMatMul: {
    devices: ["cpu", "webgl", "webgpu"],
    supports: (call) => isReal(call),
    run: (device, { inputs: [a, b], attributes, outputTypes: [type] }) => {
      const { transposeLeft, transposeRight, scale } = attributes as {
        readonly transposeLeft: boolean;
        readonly transposeRight: boolean;
        readonly scale: number;
      };
      const result = product(device, a!, b!, type!.shape, { transposeA: transposeLeft, transposeB: transposeRight });
      return scale === 1 ? result : applyBinary(device, "Multiply", result, device.scalar(scale, "float32"));
    },
  },

  scatterAdd: {
    devices: ["cpu", "wasm"],
    supports: (call) => isReal(call, 1),
    run: (device, { inputs: [indices, updates], outputTypes: [type] }) => {
      return scattered(device as MemoryDevice, indices!, updates!, type!.shape);
    },
  },
};

/** The composites that a device runs as one operation. */
export function fusedOn(device: Device): Readonly<Record<string, FusedKernel<TfjsTensor>>> {
  const own = Object.entries(fusions).filter(([, { devices }]) => devices.includes(device.name));
  const kernels = own.map(([name, { supports, run }]): [string, FusedKernel<TfjsTensor>] => [
    name,
    { supports, run: (call) => [tidily(device, name, call.outputTypes[0]!, () => run(device, call))] },
  ]);
  return Object.fromEntries(kernels);
}
