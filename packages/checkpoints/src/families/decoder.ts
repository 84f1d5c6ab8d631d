import type { TransformerOptions } from "@relpos/core/nn";
import type { Config } from "../config/config.js";
import { staleAbove } from "../config/rope.js";
import { everyToken, type HeadOptions, lastToken } from "../model/head.js";
import type { Task } from "../model/task.js";
import { countTokens, type Positions, textModel } from "../model/text-model.js";
import type { WeightTable } from "../weights/weight-table.js";
import type { Blueprint } from "./family.js";
import { labelCount, refuseTask } from "./task-settings.js";

export interface DecoderOptions {
  readonly transformer: TransformerOptions;
  /** What stands before the names of all but the head. */
  readonly prefix: string;
  /** Our modules' names to those in the file, heads apart. */
  readonly table: WeightTable;
  /** The file's name for the head that scores tokens. Default "lm_head". */
  readonly head?: string;
  /** Default: from the first token that is no padding. */
  readonly positions?: Positions;
}

/** The heads that all decoders share, by task: Hugging Face's generic classes. */
const heads: Readonly<
  Partial<
    Record<Task, (config: Config, width: number) => { readonly name: string; readonly head: HeadOptions } | undefined>
  >
> = {
  "causal-lm": () => undefined,
  features: () => undefined,
  "sequence-classification": (config, width) => ({
    name: "score",
    head: {
      width,
      pool: lastToken(config.optional("pad_token_id")),
      output: { size: labelCount(config), bias: false },
    },
  }),
  "token-classification": (config, width) => ({
    name: "score",
    head: { width, pool: everyToken, output: { size: labelCount(config), bias: true } },
  }),
  "question-answering": (_, width) => ({
    name: "qa_outputs",
    head: { width, pool: everyToken, output: { size: 2, bias: true } },
  }),
};

/** A causal model with the head of a task. */
export function decoder(config: Config, task: Task, options: DecoderOptions): Blueprint {
  const { transformer, prefix, table, head = "lm_head", positions = countTokens } = options;
  const make = heads[task] ?? refuseTask(config, task);
  const own = make(config, transformer.width);
  return {
    model: textModel({
      task,
      transformer: { ...transformer, form: "decoder" },
      head: own?.head,
      positions,
      staleAbove: staleAbove(config),
    }),
    names: { prefix, table: { ...table, head, ...(own && { "head.output": own.name }) } },
  };
}
