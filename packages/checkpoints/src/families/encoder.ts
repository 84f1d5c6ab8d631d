import type { Activation, TransformerOptions } from "@relpos/core/nn";
import type { Config } from "../config/config.js";
import { everyToken, firstToken, type HeadOptions } from "../model/head.js";
import type { Task } from "../model/task.js";
import { countAll, type Positions, textModel } from "../model/text-model.js";
import type { WeightTable } from "../weights/weight-table.js";
import type { Blueprint } from "./family.js";
import { labelCount, refuseTask } from "./task-settings.js";

/** A head and its modules' names in files. */
export interface NamedHead {
  readonly head?: HeadOptions;
  readonly table?: WeightTable;
}

/** A family's heads by task. */
export type Heads = Readonly<Partial<Record<Task, (config: Config, width: number) => NamedHead>>>;

export interface EncoderOptions {
  readonly transformer: TransformerOptions;
  /** What stands before the names of all but the heads. */
  readonly prefix: string;
  /** Our modules' names to those in the file, heads apart. */
  readonly table: WeightTable;
  readonly heads: Heads;
  /** Default: 0, 1, … in every row. */
  readonly positions?: Positions;
}

/** Heads that most encoders have under the same names. */
export const plainHeads: Heads = {
  features: () => ({}),
  "token-classification": (config, width) => ({
    head: { width, pool: everyToken, output: { size: labelCount(config), bias: true } },
    table: { "head.output": "classifier" },
  }),
  "question-answering": (_, width) => ({
    head: { width, pool: everyToken, output: { size: 2, bias: true } },
    table: { "head.output": "qa_outputs" },
  }),
};

/** Scores of tokens from norm(activation(dense(x))), by the embedding's weights. */
export function maskedHead(
  names: Readonly<Record<"dense" | "norm" | "bias", WeightTable[string]>>,
  { activation, epsilon }: { readonly activation: Activation; readonly epsilon: number },
): (config: Config, width: number) => NamedHead {
  return (_, width) => ({
    head: {
      width,
      pool: everyToken,
      dense: { activation, bias: true },
      norm: { epsilon, bias: true },
    },
    table: { "head.dense": names.dense, "head.norm": names.norm, "head.bias": names.bias },
  });
}

/** Classes of a row from activation(dense(first token)). */
export function classifierHead(
  names: Readonly<Record<"dense" | "output", string>>,
  activation: Activation,
): (config: Config, width: number) => NamedHead {
  return (config, width) => ({
    head: {
      width,
      pool: firstToken,
      dense: { activation, bias: true },
      output: { size: labelCount(config), bias: true },
    },
    table: { "head.dense": names.dense, "head.output": names.output },
  });
}

/** A model that sees both sides, with the head of a task. */
export function encoder(config: Config, task: Task, options: EncoderOptions): Blueprint {
  const { transformer, prefix, table, heads, positions = countAll } = options;
  const own = (heads[task] ?? refuseTask(config, task))(config, transformer.width);
  return {
    model: textModel({ task, transformer: { ...transformer, form: "encoder" }, head: own.head, positions }),
    names: { prefix, table: { ...table, ...own.table } },
  };
}
