import type { HostTensor, RandomKey, Tensor } from "@relpos/core";
import type { PositionEncoding } from "@relpos/core/encodings";
import type { Drop, KeyValue, Named, ParameterSpecs } from "@relpos/core/nn";
import type { Task } from "./task.js";

/** Inputs of models, by Hugging Face's names. */
export interface ModelInputs {
  /** int32 [B, S]. */
  readonly input_ids?: Tensor | undefined;
  /** int32 [B, past + S], 1 for tokens and 0 for padding. Default: no padding. */
  readonly attention_mask?: Tensor | undefined;
  /** int32 [B, S], or [3, B, S] for multimodal rotary embeddings. Default: as the family counts. */
  readonly position_ids?: Tensor | undefined;
  /** int32 [B, S]. Default: 0. */
  readonly token_type_ids?: Tensor | undefined;
  /** int32 [B, T], of the decoder of an encoder-decoder. */
  readonly decoder_input_ids?: Tensor | undefined;
  /** int32 [B, T], of the decoder's tokens. Default: 0, 1, …. */
  readonly decoder_position_ids?: Tensor | undefined;
  /** [B, S, width]: an encoder's output that was computed before, in place of `input_ids`. */
  readonly encoder_last_hidden_state?: Tensor | undefined;
  /** float32 [B, C, H, W]. */
  readonly pixel_values?: Tensor | undefined;
  /** Whose logits are wanted, int32 [B]: the index of one of each row's tokens. Default: all tokens'. */
  readonly logits_positions?: Tensor | undefined;
}

/** Names of inputs. */
export type InputName = keyof ModelInputs;

/** What a model computes, by Hugging Face's names: `logits`, `last_hidden_state`, `start_logits`, … */
export interface ModelOutputs {
  readonly outputs: Named<Tensor>;
  /** Keys and values for the cache, one for each layer of a decoder; of others none. */
  readonly present: readonly KeyValue[];
}

/** What a decoder's cache is like. */
export interface CacheSizes {
  readonly layers: number;
  readonly kvHeads: number;
  readonly headSize: number;
  /** Whether every layer's encoding can attend to a cache with room (`KeyValueCache`). */
  readonly hasRoom: boolean;
  /**
   * Length that makes a cache stale when a sequence grows past it: its tokens must then be run anew. Phi-3's LongRoPE has other
   * factors for longer sequences. Default: none does.
   */
  readonly staleAbove?: number | undefined;
}

/** Positions of rows of tokens, int32 [B, S] each. Default: by one key for every row, and not for training. */
export type DrawPositions = (
  tokens: HostTensor,
  draw?: { readonly key?: RandomKey; readonly training?: boolean },
) => HostTensor;

/** A model as a function of named parameters. */
export interface Model {
  readonly task: Task;
  readonly parameters: ParameterSpecs;
  /** Inputs that it reads, the one that it needs first. */
  readonly inputs: readonly InputName[];
  /** Sizes of the cache; a model that keeps none has none. */
  readonly cache?: CacheSizes | undefined;
  /** Each layer's position encoding; of a model whose layers are not a transformer's none. */
  readonly encodings?: readonly PositionEncoding[] | undefined;
  /**
   * Positions of tokens where the encoding draws them or makes them of tokens: `position_ids`, and `decoder_position_ids` of a
   * decoder with an encoder, must then be given, for the past's tokens too. Default: none, positions are counted.
   */
  readonly drawPositions?: DrawPositions | undefined;
  /** `drop` drops elements in training. */
  apply(parameters: Named<Tensor>, inputs: ModelInputs, past?: readonly KeyValue[], drop?: Drop): ModelOutputs;
}
