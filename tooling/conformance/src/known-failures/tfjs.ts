import type { KnownFailure } from "@relpos/conformance";

const integers = "TensorFlow.js's kernels for GPUs compute integers in float32, exactly up to 2²⁴";

/** TensorFlow.js on WebGL and WebGPU. */
export const tfjsGpuFailures: readonly KnownFailure[] = [
  {
    cases: ["primitive/abs/int32/edges", "primitive/mul/int32/edges", "primitive/div/int32/edges"],
    reason: integers,
  },
];

export const tfjsWebgpuFailures: readonly KnownFailure[] = [
  ...tfjsGpuFailures,
  { cases: "primitive/argMax/int32/ends of int32", reason: integers },
];
