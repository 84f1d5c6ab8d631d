import type { KnownFailure } from "@relpos/conformance";

/** ONNX Runtime's WebGPU provider on SwiftShader, in Node and in Chromium. */
export const ortWebgpuFailures: readonly KnownFailure[] = [
  {
    cases: [
      "primitive/exp/float32/special values",
      "primitive/log/float32/special values",
      "primitive/pow/float32/special values",
      "composite/sigmoid/float32/large numbers",
      "composite/softmax/float32/NaN in one row",
    ],
    reason: "shaders may take it that there are no NaNs and infinities: here exp NaN is ∞, and log 0 is −88",
    issue: "https://www.w3.org/TR/WGSL/#differences-from-ieee754",
  },
];
