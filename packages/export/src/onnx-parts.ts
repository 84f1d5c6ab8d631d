import type { ConfigFields, InputName, Model, ModelInputs } from "@relpos/checkpoints";
import { addDims, check, type Dim, dimension, Tensor } from "@relpos/core";
import { type Graph, graph, prepare } from "@relpos/core/backend";
import { type KeyValue, type Named, parameterInputs } from "@relpos/core/nn";
import { standardClaims } from "@relpos/onnx";

/** One ONNX model of an export, as a graph. */
export interface OnnxPart {
  /** The name of its file, without ending: `model`, or `encoder_model` and `decoder_model_merged`. */
  readonly name: string;
  /** What it computes, of the parameters and inputs that it reads. */
  readonly graph: Graph;
  /** The parameters among its inputs, by their names. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Names of its outputs. */
  readonly outputs: readonly string[];
}

/** Names of sizes, as Hugging Face's exporter has them. */
const batch = dimension("batch_size");
const sequence = dimension("sequence_length");
const past = dimension("past_sequence_length");
const encoderSequence = dimension("encoder_sequence_length");
const total = addDims(past, sequence);

const int32 = (name: string, ...shape: readonly Dim[]): Tensor => Tensor.input({ shape, dtype: "int32" }, name);

/**
 * The graphs of a checkpoint's model with inputs and outputs as Hugging Face's exporter and transformers.js name them.
 *
 * * decoders: `input_ids` [B, S], `attention_mask` [B, past + S], `position_ids` [B, S], `past_key_values.N.key` and `.value`
 *   [B, Hkv, past, D] → `logits` [B, S, V], `present.N.key` and `.value`; the past may be empty
 * * encoders and classifiers: `input_ids`, `attention_mask`, `token_type_ids` → `logits`, `start_logits` and `end_logits`, or
 *   `last_hidden_state`; images: `pixel_values`
 * * encoder-decoders: `encoder_model` with `last_hidden_state`, and `decoder_model_merged`, which takes it as
 *   `encoder_hidden_states`, with `past_key_values.N.decoder.key`
 *
 * An input that a model does not need is left out. Errors for a model whose positions are drawn instead of counted.
 */
export function onnxParts(model: Model, config: ConfigFields): readonly OnnxPart[] {
  check(!model.drawPositions, "exportOnnx", () => {
    const kinds = [...new Set((model.encodings ?? []).map(({ kind }) => kind))];
    return `positions must be counted, no runtime knows how to draw those of ${kinds.join(", ")}`;
  });
  if (model.inputs.includes("decoder_input_ids")) return [encoderPart(model), decoderPart(model)];
  if (model.inputs.includes("pixel_values")) return [imagePart(model, config)];
  return [model.task === "causal-lm" && model.cache ? cachedPart(model) : plainPart(model)];
}

/** A decoder with its cache. */
function cachedPart(model: Model): OnnxPart {
  const parameters = parameterInputs(model.parameters);
  const axes = model.encodings?.some(({ kind }) => kind === "mrope") ? [3] : [];
  const inputs = {
    input_ids: int32("input_ids", batch, sequence),
    attention_mask: int32("attention_mask", batch, total),
    position_ids: int32("position_ids", ...axes, batch, sequence),
  };
  const { present: sizes } = model.apply(parameters, { input_ids: inputs.input_ids });
  const earlier = sizes.map((layer, index) => pastOf(layer, `past_key_values.${index}`));
  const { outputs, present } = model.apply(parameters, inputs, earlier);
  return part("model", parameters, [...Object.values(inputs), ...partsOf(earlier)], {
    ...outputs,
    ...named(present, "present"),
  });
}

/** A model of all its tokens at once. */
function plainPart(model: Model): OnnxPart {
  const parameters = parameterInputs(model.parameters);
  const inputs = {
    input_ids: int32("input_ids", batch, sequence),
    attention_mask: int32("attention_mask", batch, sequence),
    ...(model.inputs.includes("token_type_ids") && { token_type_ids: int32("token_type_ids", batch, sequence) }),
  };
  return part("model", parameters, Object.values(inputs), model.apply(parameters, inputs).outputs);
}

/** A model of images of the size that its configuration names. */
function imagePart(model: Model, { num_channels: channels = 3, image_size: size }: ConfigFields): OnnxPart {
  const sizes = [channels, ...(Array.isArray(size) ? size : [size, size])] as number[];
  check(sizes.length === 3 && sizes.every(Number.isInteger), "exportOnnx", () => {
    return `image_size must be a number or two, got ${JSON.stringify(size)}`;
  });
  const parameters = parameterInputs(model.parameters);
  const pixels = Tensor.input({ shape: [batch, ...sizes], dtype: "float32" }, "pixel_values");
  return part("model", parameters, [pixels], model.apply(parameters, { pixel_values: pixels }).outputs);
}

function encoderPart(model: Model): OnnxPart {
  const parameters = parameterInputs(model.parameters);
  const inputs = {
    input_ids: int32("input_ids", batch, encoderSequence),
    attention_mask: int32("attention_mask", batch, encoderSequence),
  };
  const last_hidden_state = encodedBy(model, parameters, inputs);
  return part("encoder_model", parameters, Object.values(inputs), { last_hidden_state });
}

/** An encoder's output. Its decoder is traced along, and left out of the graph. */
function encodedBy(model: Model, parameters: Named<Tensor>, inputs: ModelInputs): Tensor {
  const { outputs } = model.apply(parameters, { ...inputs, decoder_input_ids: int32("unused", batch, 1) });
  return outputs.encoder_last_hidden_state as Tensor;
}

function decoderPart(model: Model): OnnxPart {
  const parameters = parameterInputs(model.parameters);
  const tokens = int32("input_ids", batch, sequence);
  const mask = int32("encoder_attention_mask", batch, encoderSequence);
  const { shape } = encodedBy(model, parameters, { input_ids: int32("unused", batch, encoderSequence) });
  const encoded = Tensor.input({ shape, dtype: "float32" }, "encoder_hidden_states");
  const inputs = { decoder_input_ids: tokens, attention_mask: mask, encoder_last_hidden_state: encoded };
  const { present: sizes } = model.apply(parameters, inputs);
  const earlier = sizes.map((layer, index) => pastOf(layer, `past_key_values.${index}.decoder`));
  const { outputs, present } = model.apply(parameters, inputs, earlier);
  const { encoder_last_hidden_state: _, ...own } = outputs;
  return part("decoder_model_merged", parameters, [mask, tokens, encoded, ...partsOf(earlier)], {
    ...own,
    ...named(present, "present", ".decoder"),
  });
}

const cacheParts = ["key", "value", "state"] as const;

/** Inputs for what a layer keeps of earlier tokens: as it keeps new ones, with another length. */
function pastOf(layer: KeyValue, name: string): KeyValue {
  const inputs = cacheParts.flatMap((kind) => {
    const value = layer[kind];
    if (!value) return [];
    const rows = kind === "state" ? 1 : 2;
    const shape = value.shape.map((size, axis) => (axis === rows ? past : size));
    return [[kind, Tensor.input({ shape, dtype: value.dtype }, `${name}.${kind}`)] as const];
  });
  return Object.fromEntries(inputs) as unknown as KeyValue;
}

const partsOf = (layers: readonly KeyValue[]): readonly Tensor[] =>
  layers.flatMap((layer) => cacheParts.flatMap((kind) => layer[kind] ?? []));

/** `present.0.key`, `present.0.value`, … */
function named(layers: readonly KeyValue[], prefix: string, infix = ""): Named<Tensor> {
  const entries = layers.flatMap((layer, index) =>
    cacheParts.flatMap((kind) => {
      const value = layer[kind];
      return value ? [[`${prefix}.${index}${infix}.${kind}`, value] as const] : [];
    }),
  );
  return Object.fromEntries(entries);
}

/** A part of the parameters and inputs that its outputs need. */
function part(name: string, parameters: Named<Tensor>, inputs: readonly Tensor[], outputs: Named<Tensor>): OnnxPart {
  const all = [...Object.values(parameters), ...inputs];
  const prepared = prepare(graph(all, Object.values(outputs)), standardClaims);
  const read = new Set<Tensor | undefined>(prepared.nodes.flatMap((node) => node.inputs));
  return {
    name,
    graph: { ...prepared, inputs: prepared.inputs.filter((input) => read.has(input)) },
    parameters: new Map(Object.entries(parameters).filter(([, input]) => read.has(input))),
    outputs: Object.keys(outputs),
  };
}

/** What inputs are, by name. */
export const descriptions: Readonly<
  Partial<Record<InputName | "encoder_hidden_states" | "encoder_attention_mask", string>>
> = {
  input_ids: "Ids of tokens.",
  attention_mask: "1 for tokens, earlier ones too, and 0 for padding, which may stand at the left.",
  position_ids: "Where each token stands: counted from 0, padding left out.",
  token_type_ids: "The segment of each token.",
  pixel_values: "Images, normalized as preprocessor_config.json says.",
  encoder_hidden_states: "What the encoder gave as last_hidden_state.",
  encoder_attention_mask: "1 for the encoder's tokens and 0 for padding.",
};
