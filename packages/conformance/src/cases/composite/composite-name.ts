/** Every composite of core. */
export const compositeNames = [
  "alongDiagonals",
  "attend",
  "attention",
  "crossEntropy",
  "dropout",
  "gelu",
  "layerNorm",
  "linear",
  "logSoftmax",
  "mean",
  "relativeShift",
  "rmsNorm",
  "rotaryEmbedding",
  "scaledMatMul",
  "scatterAdd",
  "sigmoid",
  "silu",
  "softmax",
  "softplus",
  "split",
  "tensorScatter",
  "topK",
  "triangularInverse",
] as const;

export type CompositeName = (typeof compositeNames)[number];
