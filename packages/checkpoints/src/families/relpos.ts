import { type CatalogueEntry, type CatalogueSettings, catalogue } from "@relpos/catalogue";
import { check, foldIn, type HostTensor, randomKey, tensor } from "@relpos/core";
import type { PositionEncoding } from "@relpos/core/encodings";
import type { TransformerOptions } from "@relpos/core/nn";
import { activationNames } from "../config/activations.js";
import type { Config } from "../config/config.js";
import { everyToken, type HeadOptions, meanOfTokens } from "../model/head.js";
import type { DrawPositions } from "../model/model.js";
import type { Task } from "../model/task.js";
import { countAll, countTokens, sequenceToSequenceModel, textModel } from "../model/text-model.js";
import { ownNames } from "../weights/weight-table.js";
import type { Family } from "./family.js";
import { labelCount, refuseTask } from "./task-settings.js";

/** Standard deviation of the initial embeddings and weights. */
const initialDeviation = 0.02;

type Form = NonNullable<TransformerOptions["form"]>;

/** The heads of a form, by task; those of tokens are the transformer's own. */
const heads: Readonly<Partial<Record<Task, (config: Config, width: number) => HeadOptions | undefined>>> = {
  "causal-lm": () => undefined,
  "masked-lm": () => undefined,
  "seq2seq-lm": () => undefined,
  features: () => undefined,
  "sequence-classification": (config, width) => ({
    width,
    pool: meanOfTokens,
    output: { size: labelCount(config), bias: true },
  }),
  "token-classification": (config, width) => ({
    width,
    pool: everyToken,
    output: { size: labelCount(config), bias: true },
  }),
  "question-answering": (_, width) => ({ width, pool: everyToken, output: { size: 2, bias: true } }),
};

const tasksOf: Readonly<Record<Form, readonly Task[]>> = {
  decoder: ["causal-lm", "features", "sequence-classification", "token-classification", "question-answering"],
  encoder: ["masked-lm", "features", "sequence-classification", "token-classification", "question-answering"],
  "encoder-decoder": ["seq2seq-lm", "features"],
};

/**
 * Models that relpos itself trains: any encoding of the catalogue, by the name in `position_encoding`. The tensors of a file
 * have the parameters' own names.
 */
export const relpos: Family = (config, task) => {
  const form = formOf(config);
  const width = config.count("hidden_size");
  const make = tasksOf[form].includes(task) ? heads[task] : undefined;
  if (!make) refuseTask(config, task);
  const given = config.nested("position_encoding");
  const entry = given.choice("name", catalogue);
  const trainLength = config.count("max_position_embeddings");
  const digits = given.numbers("digits");
  given.finish();
  const settings = (causal: boolean): CatalogueSettings => {
    return { trainLength, causal, embeddingDeviation: initialDeviation, digits };
  };
  checkDirection(entry, form);
  // Which of the language tasks it was trained for is said by the head; what it was trained with changes nothing.
  config.ignore("relpos_task");
  const encoding = (causal: boolean): PositionEncoding => entry.create(settings(causal));
  const transformer: TransformerOptions = {
    form,
    vocabulary: config.count("vocab_size"),
    layers: config.count("num_hidden_layers"),
    width,
    heads: config.count("num_attention_heads"),
    feedForward: config.count("intermediate_size"),
    activation: config.choice("hidden_act", activationNames, "gelu"),
    tied: config.flag("tie_word_embeddings", true),
    initialDeviation,
    bias: true,
    position: encoding(form !== "encoder"),
    ...(form === "encoder-decoder" && { encoder: { position: encoding(false) } }),
  };
  const drawPositions = positionsOf(entry, settings(form !== "encoder"));
  const model =
    form === "encoder-decoder"
      ? sequenceToSequenceModel({ task, transformer, drawPositions })
      : textModel({
          task,
          transformer,
          head: make(config, width),
          positions: form === "decoder" ? countTokens : countAll,
          drawPositions,
        });
  return { model, names: { prefix: "", table: ownNames(model.parameters) } };
};

function formOf(config: Config): Form {
  const [decodes, both] = [config.flag("is_decoder"), config.flag("is_encoder_decoder")];
  return both ? "encoder-decoder" : decodes ? "decoder" : "encoder";
}

function checkDirection({ name, attention }: CatalogueEntry, form: Form): void {
  const needed = form === "decoder" ? "causal" : form === "encoder" ? "bidirectional" : "both";
  check(attention === "both" || attention === needed, "config", () => {
    return `position_encoding.name must be an encoding for ${needed} attention, got ${name}, which is for ${attention}`;
  });
}

/**
 * An entry's positions of rows of tokens. Those that are not for training are drawn for at least the length that was trained
 * at and by one key, so that a text that grows keeps the positions that it has.
 */
function positionsOf(entry: CatalogueEntry, settings: CatalogueSettings): DrawPositions | undefined {
  const { drawPositions } = entry;
  if (!drawPositions) return undefined;
  return (tokens, { key = randomKey(0), training = false } = {}): HostTensor => {
    const [rows, length] = tokens.shape as readonly [number, number];
    const drawn = training ? length : Math.max(length, settings.trainLength);
    const positions = new Int32Array(rows * length);
    for (let row = 0; row < rows; row++) {
      const own = new Int32Array(drawn);
      own.set(tokens.data.subarray(row * length, (row + 1) * length) as Int32Array);
      const draw = {
        key: training ? foldIn(key, row) : key,
        length: drawn,
        tokens: tensor(own, [drawn], "int32"),
        training,
      };
      positions.set(drawPositions(settings, draw).data.subarray(0, length) as Int32Array, row * length);
    }
    return tensor(positions, [rows, length], "int32");
  };
}
