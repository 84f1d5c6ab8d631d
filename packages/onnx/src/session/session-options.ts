import type { OrtSessionOptions } from "./runtime.js";

/** What goes wrong comes back as an error; ONNX Runtime would write it out as well. */
const quiet = { logSeverityLevel: 4 } as const;

export const runOptions = quiet;

/** Options of a session that do not depend on where it runs. */
export const sessionOptions: OrtSessionOptions = {
  graphOptimizationLevel: "all",
  // Patterns make a training step no faster, and its process a third larger.
  enableMemPattern: false,
  ...quiet,
  // Threads that wait in vain for a session's next run would slow every other one down.
  // Scales are part of our products already, and ONNX Runtime's own pass breaks graphs that scale one operand twice.
  // Constants are folded before, up to a size; without a limit the biases of a long sequence would all be held at once.
  extra: {
    session: { force_spinning_stop: "1" },
    optimization: { disable_specified_optimizers: "MatMulScaleFusion;ConstantFolding" },
  },
};
