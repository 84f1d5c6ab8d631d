import { bert, roberta } from "./bert.js";
import { bloom } from "./bloom.js";
import { cohere } from "./cohere.js";
import { deberta, debertaV2 } from "./deberta.js";
import { esm } from "./esm.js";
import { falcon } from "./falcon.js";
import type { Family } from "./family.js";
import { gemma3 } from "./gemma3.js";
import { glm } from "./glm.js";
import { gptNeox } from "./gpt-neox.js";
import { gptOss } from "./gpt-oss.js";
import { gpt2 } from "./gpt2.js";
import { gptj } from "./gptj.js";
import { llama, mistral } from "./llama.js";
import { llama4 } from "./llama4.js";
import { modernbert } from "./modernbert.js";
import { mpt } from "./mpt.js";
import { opt } from "./opt.js";
import { phi, phi3 } from "./phi.js";
import { qwen2, qwen2Vl, qwen3 } from "./qwen.js";
import { relpos } from "./relpos.js";
import { roformer } from "./roformer.js";
import { smollm3 } from "./smollm3.js";
import { swin } from "./swin.js";
import { t5, umt5 } from "./t5.js";
import { beit, vit } from "./vision.js";
import { xglm } from "./xglm.js";
import { xlnet } from "./xlnet.js";

/** Families by `model_type`. */
export const families: Readonly<Record<string, Family>> = {
  beit,
  bert,
  bloom,
  camembert: roberta,
  cohere,
  deberta,
  "deberta-v2": debertaV2,
  esm,
  falcon,
  gemma3_text: gemma3,
  glm,
  gpt2,
  gpt_neox: gptNeox,
  gpt_oss: gptOss,
  gptj,
  llama,
  llama4_text: llama4,
  mistral,
  modernbert,
  mpt,
  opt,
  phi,
  phi3,
  qwen2,
  qwen2_vl: qwen2Vl,
  qwen3,
  relpos,
  roberta,
  roformer,
  smollm3,
  swin,
  t5,
  umt5,
  vit,
  xglm,
  "xlm-roberta": roberta,
  xlnet,
};
