/** A backend package, as its users install it. */
export interface InstalledBackend {
  readonly name: string;
  /** Devices that it is run on here. */
  readonly devices: readonly string[];
  /** Packages of runtimes that it may bring. */
  readonly runtime: RegExp;
}

/** Every runtime that some backend is on: what nobody gets who did not ask for it. */
export const runtimes = /^onnxruntime|^@tensorflow\//;

/** Backends that run in Node. */
export const nodeBackends: readonly InstalledBackend[] = [
  { name: "@relpos/backend-reference", devices: ["cpu"], runtime: /^$/ },
  { name: "@relpos/backend-ort-node", devices: ["cpu"], runtime: /^onnxruntime-(node|common)$/ },
  { name: "@relpos/backend-ort-web", devices: ["wasm"], runtime: /^onnxruntime-(web|common)$/ },
  { name: "@relpos/backend-tfjs", devices: ["cpu", "wasm"], runtime: /^@tensorflow\// },
];

export interface WebBackend extends InstalledBackend {
  /**
   * Files that must lie beside the bundle, for bundlers that do not see them: where, without the ending, and what they are
   * below node_modules.
   */
  readonly beside: Readonly<Record<string, string>>;
}

/** Backends that run in browsers. */
export const webBackends: readonly WebBackend[] = [
  { name: "@relpos/backend-reference", devices: ["cpu"], runtime: /^$/, beside: {} },
  {
    name: "@relpos/backend-ort-web",
    devices: ["wasm"],
    runtime: /^onnxruntime-(web|common)$/,
    beside: {
      "wasm-worker": "@relpos/backend-ort-web/dist/wasm-worker.js",
      "ort-wasm-simd-threaded": "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm",
    },
  },
  {
    name: "@relpos/backend-tfjs",
    devices: ["cpu", "wasm"],
    runtime: /^@tensorflow\//,
    beside: {
      "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd":
        "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
    },
  },
];
