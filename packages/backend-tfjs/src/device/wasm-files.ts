/** TensorFlow.js's builds for WebAssembly, of which it takes the one that fits the browser. */
export type WasmFile =
  | "tfjs-backend-wasm.wasm"
  | "tfjs-backend-wasm-simd.wasm"
  | "tfjs-backend-wasm-threaded-simd.wasm";

/** Where the files are: a URL that ends in `/`, or a function that gives the URL of each. */
export type WasmPaths = string | ((file: WasmFile) => string);

/** Where a bundler puts the files. Bundlers know this form. */
const bundled: Readonly<Record<WasmFile, () => URL>> = {
  "tfjs-backend-wasm.wasm": () => new URL("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm", import.meta.url),
  "tfjs-backend-wasm-simd.wasm": () =>
    new URL("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm", import.meta.url),
  "tfjs-backend-wasm-threaded-simd.wasm": () =>
    new URL("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm", import.meta.url),
};

/** The URL of each file. */
export function wasmUrls(paths: WasmPaths = (file) => bundled[file]().href): Readonly<Record<WasmFile, string>> {
  const url = typeof paths === "string" ? (file: WasmFile) => paths + file : paths;
  const urls = Object.keys(bundled).map((file) => [file, url(file as WasmFile)]);
  return Object.fromEntries(urls) as Record<WasmFile, string>;
}
