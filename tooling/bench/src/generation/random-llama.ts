import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveSafetensors } from "@relpos/checkpoints";
import { foldIn, type HostTensor, randomKey, randomNormal, tensor } from "@relpos/core";

export interface LlamaSizes {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  readonly context: number;
}

/** 125 million parameters. */
export const benchmarkSizes: LlamaSizes = {
  width: 768,
  layers: 12,
  heads: 12,
  kvHeads: 4,
  feedForward: 2048,
  vocabulary: 32_000,
  context: 4096,
};

/** Writes a checkpoint of Llama's shape with random weights into a new folder below the system's temporary one. */
export async function randomLlama(sizes: LlamaSizes): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "relpos-bench-"));
  const { width, layers, heads, kvHeads, feedForward, vocabulary, context } = sizes;
  const config = {
    model_type: "llama",
    architectures: ["LlamaForCausalLM"],
    hidden_size: width,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    intermediate_size: feedForward,
    vocab_size: vocabulary,
    max_position_embeddings: context,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    hidden_act: "silu",
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: false,
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  await saveSafetensors(join(folder, "model.safetensors"), weights(sizes));
  return folder;
}

function weights({ width, layers, heads, kvHeads, feedForward, vocabulary }: LlamaSizes): Record<string, HostTensor> {
  const keySize = (width / heads) * kvHeads;
  const shapes: readonly (readonly [string, readonly number[]])[] = [
    ["model.embed_tokens.weight", [vocabulary, width]],
    ...Array.from({ length: layers }, (_, layer) => layer).flatMap(
      (layer): (readonly [string, readonly number[]])[] => [
        [`model.layers.${layer}.input_layernorm.weight`, [width]],
        [`model.layers.${layer}.self_attn.q_proj.weight`, [width, width]],
        [`model.layers.${layer}.self_attn.k_proj.weight`, [keySize, width]],
        [`model.layers.${layer}.self_attn.v_proj.weight`, [keySize, width]],
        [`model.layers.${layer}.self_attn.o_proj.weight`, [width, width]],
        [`model.layers.${layer}.post_attention_layernorm.weight`, [width]],
        [`model.layers.${layer}.mlp.gate_proj.weight`, [feedForward, width]],
        [`model.layers.${layer}.mlp.up_proj.weight`, [feedForward, width]],
        [`model.layers.${layer}.mlp.down_proj.weight`, [width, feedForward]],
      ],
    ),
    ["model.norm.weight", [width]],
    ["lm_head.weight", [vocabulary, width]],
  ];
  return Object.fromEntries(
    shapes.map(([name, shape], index) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const drawn =
        shape.length === 1 ? new Float32Array(count).fill(1) : randomNormal(foldIn(randomKey(0), index), count);
      return [name, tensor(shape.length === 1 ? drawn : drawn.map((x) => x * 0.02), shape)];
    }),
  );
}
