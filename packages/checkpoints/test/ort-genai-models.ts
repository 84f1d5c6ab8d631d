import { readFileSync } from "node:fs";
import { join } from "node:path";
import { folderOf, gpt2Weights, llamaWeights, readOnnxFolder } from "./onnx-folder.js";

export interface OrtGenaiModel {
  /** Its files as Hugging Face has them. */
  open(folder: string): readonly File[];
  /** The tokens of greedy choice after a prompt, as the makers' own tests state them. */
  readonly greedy: readonly { readonly prompt: readonly number[]; readonly tokens: readonly number[] }[];
}

const json = (path: string): Record<string, unknown> => JSON.parse(readFileSync(path, "utf8"));

/** Test models of onnxruntime-genai by their folders' names. */
export const ortGenaiModels: Readonly<Record<string, OrtGenaiModel>> = {
  "tiny-random-LlamaForCausalLM-fp16": {
    open(at: string): readonly File[] {
      const onnx = readOnnxFolder(at, "model.onnx");
      const { model } = json(join(at, "genai_config.json")) as { model: Record<string, unknown> };
      const decoder = model.decoder as Record<string, unknown>;
      const norm = onnx.graph.node.find(({ opType }) => opType === "SimplifiedLayerNormalization");
      const config = {
        model_type: "llama",
        architectures: ["LlamaForCausalLM"],
        vocab_size: model.vocab_size,
        max_position_embeddings: model.context_length,
        hidden_size: decoder.hidden_size,
        head_dim: decoder.head_size,
        num_attention_heads: decoder.num_attention_heads,
        num_key_value_heads: decoder.num_key_value_heads,
        num_hidden_layers: decoder.num_hidden_layers,
        intermediate_size: onnx.weights.get("model.layers.0.mlp.up_proj.MatMul.weight")?.shape[1],
        rms_norm_eps: norm?.attribute.find(({ name }) => name === "epsilon")?.f,
        hidden_act: "silu",
        tie_word_embeddings: false,
      };
      return folderOf(config, llamaWeights(onnx));
    },
    greedy: [
      { prompt: [0, 0, 0, 52], tokens: [12102, 30463, 4666, 17192, 3266, 18061] },
      { prompt: [0, 0, 195, 731], tokens: [29592, 4877, 18112, 22607, 12936, 997] },
    ],
  },
  "tiny-random-gpt2-fp32": {
    open(at: string): readonly File[] {
      const { model, ...config } = json(join(at, "config.json")) as { model: Record<string, number> };
      const { n_embd, n_head, n_layer, vocab_size } = model;
      const weights = gpt2Weights(readOnnxFolder(at, "past.onnx"), n_layer as number);
      const sizes = { model_type: "gpt2", architectures: ["GPT2LMHeadModel"], n_embd, n_head, n_layer, vocab_size };
      return folderOf({ ...config, ...sizes }, weights);
    },
    greedy: [
      { prompt: [0, 0, 0, 52], tokens: [204, 204, 204, 204, 204, 204] },
      { prompt: [0, 0, 195, 731], tokens: [731, 114, 114, 114, 114, 114] },
    ],
  },
};
