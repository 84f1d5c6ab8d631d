import { join } from "node:path";
import { openSafetensors } from "@relpos/checkpoints";
import type { HostTensor } from "@relpos/core";
import { type GgufTensor, type GgufType, type GgufValue, writeGguf } from "./gguf.js";
import type { LlamaSizes } from "./random-llama.js";

/** Names of a layer's parameters: Hugging Face's, and llama.cpp's. */
const layerNames: Readonly<Record<string, string>> = {
  input_layernorm: "attn_norm",
  "self_attn.q_proj": "attn_q",
  "self_attn.k_proj": "attn_k",
  "self_attn.v_proj": "attn_v",
  "self_attn.o_proj": "attn_output",
  post_attention_layernorm: "ffn_norm",
  "mlp.gate_proj": "ffn_gate",
  "mlp.up_proj": "ffn_up",
  "mlp.down_proj": "ffn_down",
};

const outerNames: Readonly<Record<string, string>> = {
  "model.embed_tokens.weight": "token_embd.weight",
  "model.norm.weight": "output_norm.weight",
  "lm_head.weight": "output.weight",
};

/** Writes the weights of a `randomLlama` folder as a GGUF file beside them; returns its path. */
export async function llamaGguf(folder: string, sizes: LlamaSizes, type: GgufType): Promise<string> {
  const path = join(folder, `model-${type}.gguf`);
  const stored = await openSafetensors(join(folder, "model.safetensors"));
  const tensors = new Map<string, GgufTensor>();
  for (const name of stored.tensors.keys()) {
    const value = await stored.load(name);
    tensors.set(llamaName(name), { shape: value.shape, data: interleaved(name, value, sizes) });
  }
  await stored.close();
  writeGguf(path, metadata(sizes), tensors, type);
  return path;
}

function llamaName(name: string): string {
  const [, layer, part] = /^model\.layers\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
  return (part ? `blk.${layer}.${layerNames[part]}.weight` : outerNames[name]) as string;
}

/** llama.cpp rotates neighbours, Hugging Face halves: rows of queries and keys are put in the other order. */
function interleaved(name: string, { data, shape }: HostTensor, { width, heads }: LlamaSizes): Float32Array {
  if (!/[qk]_proj/.test(name)) return data as Float32Array;
  const [rows, columns] = shape as [number, number];
  const size = width / heads;
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const within = row % size;
    const from = row - within + Math.floor(within / 2) + (within % 2) * (size / 2);
    result.set((data as Float32Array).subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return result;
}

function metadata(sizes: LlamaSizes): Readonly<Record<string, GgufValue>> {
  const { width, layers, heads, kvHeads, feedForward, vocabulary, context } = sizes;
  const tokens = vocabularyOf(vocabulary);
  return {
    "general.architecture": "llama",
    "general.name": "random",
    "llama.context_length": context,
    "llama.embedding_length": width,
    "llama.block_count": layers,
    "llama.feed_forward_length": feedForward,
    "llama.attention.head_count": heads,
    "llama.attention.head_count_kv": kvHeads,
    "llama.attention.layer_norm_rms_epsilon": { float: 1e-5 },
    "llama.rope.dimension_count": width / heads,
    "llama.rope.freq_base": { float: 10_000 },
    "llama.vocab_size": vocabulary,
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.tokens": tokens.map(({ text }) => text),
    "tokenizer.ggml.scores": { floats: tokens.map(() => 0) },
    "tokenizer.ggml.token_type": { integers: tokens.map(({ kind }) => kind) },
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
    "tokenizer.ggml.unknown_token_id": 0,
  };
}

/** Kinds of tokens as GGUF numbers them. */
const kinds = { normal: 1, unknown: 2, control: 3, byte: 6 } as const;

/** A vocabulary that llama.cpp accepts: what its tokenizer cannot do without, then made-up words. */
function vocabularyOf(size: number): readonly { readonly text: string; readonly kind: number }[] {
  const byte = (value: number) => `<0x${value.toString(16).toUpperCase().padStart(2, "0")}>`;
  const needed = [
    { text: "<unk>", kind: kinds.unknown },
    { text: "<s>", kind: kinds.control },
    { text: "</s>", kind: kinds.control },
    ...Array.from({ length: 256 }, (_, value) => ({ text: byte(value), kind: kinds.byte })),
  ];
  return Array.from({ length: size }, (_, index) => needed[index] ?? { text: `t${index}`, kind: kinds.normal });
}
