import { check, foldIn, type HostTensor, randomKey } from "@relpos/core";
import { mapNamed } from "@relpos/core/nn";
import { type Checkpoint, checkpointOf } from "./checkpoint.js";
import type { ConfigFields } from "./config/config.js";
import { blueprintOf } from "./families/blueprint.js";
import { type Task, taskOf } from "./model/task.js";
import { lackedBy, type ResolvedWeight } from "./weights/load.js";
import { sourceOf } from "./weights/weight-table.js";

export interface HeadOptions {
  readonly task: Task;
  /** Settings in place of the configuration's: `id2label` of a classifier. Default: none. */
  readonly settings?: ConfigFields;
  /** Of the initial values of a new head. Default 0. */
  readonly seed?: number;
}

/** Endings of the classes of transformers. */
const endings: Readonly<Partial<Record<Task, string>>> = {
  "causal-lm": "ForCausalLM",
  "masked-lm": "ForMaskedLM",
  "sequence-classification": "ForSequenceClassification",
  "token-classification": "ForTokenClassification",
  "question-answering": "ForQuestionAnswering",
};

/**
 * A checkpoint with the head of another task, or with another number of classes. Where the file lacks the head, or has it in
 * another size, it is new: its parameters have initial values. The files stay those of the given checkpoint, which closes them.
 *
 * Errors when the family has no such head.
 */
export function withHead(checkpoint: Checkpoint, { task, settings = {}, seed = 0 }: HeadOptions): Checkpoint {
  const { weights, files, family } = checkpoint;
  const [architecture = ""] = (checkpoint.config.architectures ?? []) as readonly string[];
  const config = { ...checkpoint.config, ...settings, architectures: [classOf(architecture, task)] };
  const { model, names } = blueprintOf(config, task);
  const isHead = (name: string): boolean => name.startsWith("head.");
  const fresh = Object.fromEntries(
    Object.entries(model.parameters).filter(([name, { shape }]) => {
      return isHead(name) && (lackedBy(weights, names, name) || !fits(checkpoint, name, shape));
    }),
  );
  const kept = Object.fromEntries(Object.entries(model.parameters).filter(([name]) => !Object.hasOwn(fresh, name)));
  const base = checkpointOf({
    family,
    config,
    weights,
    files,
    blueprint: { model: { ...model, parameters: kept }, names },
  });
  const key = randomKey(seed);
  const values = mapNamed(fresh, ({ shape, initialize }, name) => initialize(foldIn(key, name), shape));
  const sources = new Map<string, ResolvedWeight>([
    ...base.sources,
    ...Object.keys(fresh).map((name): [string, ResolvedWeight] => [
      name,
      freshSource(sourceOf(names.table, name).from),
    ]),
  ]);
  const withFresh = <Value>(stream: AsyncIterable<readonly [string, Value]>) =>
    (async function* (): AsyncGenerator<readonly [string, Value | HostTensor]> {
      yield* Object.entries(values).map(([name, value]) => [name, { ...value, data: value.data.slice() }] as const);
      yield* stream;
    })();
  return {
    ...base,
    model,
    sources,
    contextLength: checkpoint.contextLength,
    load: async (options) => ({ ...values, ...(await base.load(options)) }),
    stream: (options) => withFresh(base.stream(options)) as AsyncGenerator<readonly [string, HostTensor]>,
    places: (options) => withFresh(base.places(options)),
    close: checkpoint.close,
  };
}

/** A tensor that no file has yet. */
function freshSource(names: readonly string[]): ResolvedWeight {
  return {
    from: [],
    names,
    unchanged: true,
    make: ([only]) => only as HostTensor,
    put: (tensor, value) => tensor.data.set(value.data),
  };
}

/** Whether a head's parameter has the size in the file that the model wants; labels decide it. */
function fits({ model, weights, sources }: Checkpoint, name: string, shape: readonly number[]): boolean {
  const [from] = sources.get(name)?.from ?? [];
  const stored = from === undefined ? undefined : weights.tensors.get(from)?.shape;
  return (stored ?? model.parameters[name]?.shape ?? shape).join() === shape.join();
}

/** The class of transformers with another head: LlamaForCausalLM → LlamaForSequenceClassification. */
function classOf(architecture: string, task: Task): string {
  if (architecture !== "" && taskOf(architecture) === task) return architecture;
  const ending = endings[task];
  check(ending, "withHead", () => `task must be one of ${Object.keys(endings).join(", ")}, got ${task}`);
  return `${architecture.replace(/(For[A-Z]\w*|LMHeadModel|Model)$/, "")}${ending}`;
}
