export * from "./cleaning/index.js";
export * from "./datasets/index.js";
export * from "./tokenizers/index.js";
export * from "./vectors/index.js";
