import { check } from "@relpos/core";
import { type Checkpoint, checkpointOf } from "../checkpoint.js";
import { Config, type ConfigFields } from "../config/config.js";
import { contextLengthOf } from "../config/context-length.js";
import { rotary } from "../config/rope.js";
import type { RopeOverride } from "../config/rope-override.js";
import { withRope } from "../config/with-rope.js";
import { decoder } from "../families/decoder.js";
import { llamaNames, llamaOptions } from "../families/llama.js";
import { inDType, type QuantizeOptions } from "../quantized/quantized-checkpoint.js";
import type { WeightDType } from "../quantized/quantized-model.js";
import { safetensorsOf, type TensorPlace } from "../safetensors/reader.js";
import type { ByteSource, ReadOptions } from "../source/byte-source.js";
import { openSource, type SourceLike } from "../source/open-source.js";

/** Numbers at the start of a file, int32 each. */
const headerFields = ["dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "seq_len"] as const;
const headerLength = 4 * headerFields.length;

type Header = Readonly<Record<(typeof headerFields)[number], number>> & { readonly tied: boolean };

async function readHeader(source: ByteSource, options: ReadOptions): Promise<Header> {
  const size = await source.size(options);
  check(size >= headerLength, "llama2c", () => `${source.name}: must have at least ${headerLength} bytes, got ${size}`);
  const bytes = await source.read(0, headerLength, options);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries = headerFields.map((name, index) => [name, view.getInt32(4 * index, true)] as const);
  const header = Object.fromEntries(entries) as Record<(typeof headerFields)[number], number>;
  // A negative number of tokens says that the head has weights of its own.
  const tied = header.vocab_size > 0;
  const sizes = { ...header, vocab_size: Math.abs(header.vocab_size) };
  const fits = Object.values(sizes).every((value) => value > 0 && value < 2 ** 28) && sizes.dim % sizes.n_heads === 0;
  check(
    fits,
    "llama2c",
    () => `${source.name}: must begin with the sizes of a model, got ${entries.map(([, value]) => value).join(", ")}`,
  );
  return { ...sizes, tied };
}

type Part = readonly [name: string, shape: readonly number[]];

/** The file's parts in order, by the names that Llama's checkpoints have; those with `*` are of all layers, one after another. */
function partsOf({
  dim,
  hidden_dim: hidden,
  n_layers: layers,
  n_heads: heads,
  n_kv_heads: kvHeads,
  ...rest
}: Header): readonly Part[] {
  const kv = (dim / heads) * kvHeads;
  const layer = "model.layers.*";
  const perLayer: readonly Part[] = [
    [`${layer}.input_layernorm.weight`, [dim]],
    [`${layer}.self_attn.q_proj.weight`, [dim, dim]],
    [`${layer}.self_attn.k_proj.weight`, [kv, dim]],
    [`${layer}.self_attn.v_proj.weight`, [kv, dim]],
    [`${layer}.self_attn.o_proj.weight`, [dim, dim]],
    [`${layer}.post_attention_layernorm.weight`, [dim]],
    [`${layer}.mlp.gate_proj.weight`, [hidden, dim]],
    [`${layer}.mlp.down_proj.weight`, [dim, hidden]],
    [`${layer}.mlp.up_proj.weight`, [hidden, dim]],
  ];
  return [
    ["model.embed_tokens.weight", [rest.vocab_size, dim]],
    ...perLayer.flatMap(([name, shape]) =>
      Array.from({ length: layers }, (_, index): Part => [name.replace("*", String(index)), shape]),
    ),
    ["model.norm.weight", [dim]],
    // Cosines and sines, which are computed here.
    ["rotary.cos", [rest.seq_len, dim / heads / 2]],
    ["rotary.sin", [rest.seq_len, dim / heads / 2]],
    ...(rest.tied ? [] : ([["lm_head.weight", [rest.vocab_size, dim]]] as const)),
  ];
}

function placesOf(
  source: ByteSource,
  header: Header,
): { readonly places: ReadonlyMap<string, TensorPlace>; readonly end: number } {
  let offset = headerLength;
  const entries = partsOf(header).map(([name, shape]): [string, TensorPlace] => {
    const place = { source, dtype: "F32", shape, offset, length: 4 * shape.reduce((a, b) => a * b, 1) } as const;
    offset += place.length;
    return [name, place];
  });
  return { places: new Map(entries), end: offset };
}

export interface OpenLlama2cOptions extends QuantizeOptions {
  /** As in `openCheckpoint`. */
  readonly rope?: RopeOverride;
  /** As in `openCheckpoint`. */
  readonly dtype?: WeightDType;
}

/**
 * Opens a model of llama2.c in its first format: sizes, then float32 weights (`export.py --version 0`, stories15M.bin).
 *
 * Pairs interleave, norms add 1e-5. Errors when the file's length is not what its sizes say. Karpathy, github.com/karpathy/llama2.c.
 */
export async function openLlama2c(value: SourceLike, options: OpenLlama2cOptions = {}): Promise<Checkpoint> {
  const source = openSource(value);
  try {
    const header = await readHeader(source, options);
    const { places, end } = placesOf(source, header);
    const size = await source.size(options);
    check(size === end, "llama2c", () => `${source.name}: its sizes need ${end} bytes, got ${size}`);
    const own: ConfigFields = {
      model_type: "llama",
      vocab_size: header.vocab_size,
      num_hidden_layers: header.n_layers,
      hidden_size: header.dim,
      num_attention_heads: header.n_heads,
      num_key_value_heads: header.n_kv_heads,
      intermediate_size: header.hidden_dim,
      max_position_embeddings: header.seq_len,
      rms_norm_eps: 1e-5,
      rope_theta: 10_000,
      tie_word_embeddings: header.tied,
      bos_token_id: 1,
      eos_token_id: 1,
    };
    const { rope } = options;
    const { remap, ...opened } = rope ? withRope(own, rope) : { config: own, contextLength: contextLengthOf(own) };
    const config = new Config(opened.config, { remap });
    const blueprint = decoder(config, "causal-lm", {
      prefix: "model.",
      table: llamaNames,
      transformer: { ...llamaOptions(config), position: rotary(config, { interleaved: true }) },
    });
    const weights = safetensorsOf(places, {}, [source]);
    return await inDType(checkpointOf({ ...opened, family: "llama", blueprint, weights }), options);
  } catch (error) {
    await source.close();
    throw error;
  }
}
