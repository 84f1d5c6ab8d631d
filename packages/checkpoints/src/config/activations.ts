import type { Activation } from "@relpos/core/nn";

/** Our names of the activations that Hugging Face configurations name. */
export const activationNames: Readonly<Record<string, Activation>> = {
  gelu: "gelu",
  gelu_fast: "geluTanh",
  gelu_new: "geluTanh",
  gelu_python: "gelu",
  gelu_pytorch_tanh: "geluTanh",
  quick_gelu: "quickGelu",
  relu: "relu",
  relu2: "reluSquared",
  silu: "silu",
  swish: "silu",
  tanh: "tanh",
};
