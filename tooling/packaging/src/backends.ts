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
];

/** Backends that run in browsers. */
export const webBackends: readonly InstalledBackend[] = [
  { name: "@relpos/backend-reference", devices: ["cpu"], runtime: /^$/ },
];
