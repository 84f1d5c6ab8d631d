import type { Family } from "./family.js";
import { gpt2 } from "./gpt2.js";
import { llama, mistral } from "./llama.js";
import { qwen2, qwen2Vl, qwen3 } from "./qwen.js";
import { smollm3 } from "./smollm3.js";

/** Families by `model_type`. */
export const families: Readonly<Record<string, Family>> = {
  gpt2,
  llama,
  mistral,
  qwen2,
  qwen2_vl: qwen2Vl,
  qwen3,
  smollm3,
};
