import {
  adaptedModel,
  adapterFiles,
  adapterOf,
  type Checkpoint,
  checkpointFiles,
  type LoraConfig,
  withHead,
} from "@relpos/checkpoints";
import type { HostTensor } from "@relpos/core";
import type { Named, ParameterSpecs } from "@relpos/core/nn";
import { longestOf } from "@relpos/pipelines";
import type { Tokenizer } from "@relpos/text";
import { require, withRemedy } from "../compare/errors.js";
import { type RunStore, writeJson } from "../train/run-store.js";
import { headOf, settingsOfCheckpoint } from "./checkpoint-settings.js";
import { type ConversationForm, conversationOf } from "./conversation.js";
import { type LanguageModel, languageModel, taskModel } from "./language-model.js";
import type { LanguageTask } from "./language-task.js";
import { type LanguageTaskName, labelSettings, type ModelSettings } from "./model-settings.js";
import { saveModel } from "./saved-model.js";
import { type TrainOptions, type TrainSettings, trainDefaults } from "./train-settings.js";

/** What is trained, what of it stays as it is, and how it is saved. */
export interface PreparedModel {
  readonly model: LanguageModel;
  readonly trained: ParameterSpecs;
  readonly frozen?: ParameterSpecs;
  /** Values to begin with; all of those that are frozen. */
  readonly initial: Named<HostTensor>;
  /** How its conversations are written. Default: in our form. */
  readonly conversation?: ConversationForm | undefined;
  /** Writes what was trained. */
  save(store: RunStore, weights: Named<HostTensor>): Promise<void>;
}

/** A checkpoint that a training goes on from. */
export interface TrainBase {
  readonly checkpoint: Checkpoint;
  /** Where it is, for what is saved beside it: a folder's path or a name on the hub. */
  readonly name: string;
}

/** What a training takes from the checkpoint that it goes on from, where it is not asked for otherwise. */
export function optionsOf(
  { checkpoint }: TrainBase,
  task: LanguageTaskName,
  tokenizer: Tokenizer,
  asked: TrainOptions,
): TrainOptions {
  const found = settingsOfCheckpoint(checkpoint, tokenizer, task);
  const { layers, width, heads, encoding, feedForward } = found;
  for (const [name, own] of Object.entries({ layers, width, heads, encoding })) {
    const value = asked[name as "layers"] as unknown;
    require(value === undefined || value === own, () => `${name} is that of the checkpoint, ${own}, got ${value}`, () =>
      `leave --${name} out`);
  }
  const isOurs = checkpoint.family === "relpos";
  const usual = trainDefaults(task).length;
  return {
    ...(width % heads === 0 && { layers, width, heads }),
    feedForward,
    encoding,
    tokenizer: "given",
    length: isOurs ? found.length : Math.min(usual, longestOf(checkpoint.config, checkpoint.model)),
    // Weights that are good already are changed with care; what is new and small may change faster.
    ...(!isOurs && { learningRate: asked.lora ? 5e-4 : 1e-4 }),
    ...Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)),
  };
}

/** A new model of settings. */
export function newModel<Records>(
  task: LanguageTask<Records>,
  records: Records,
  tokenizer: Tokenizer,
  settings: TrainSettings,
): PreparedModel {
  const model = languageModel(task.settings(records, tokenizer, settings, settings));
  return {
    model,
    trained: model.parameters,
    initial: {},
    save: (store, weights) => saveModel(store, { model, weights, tokenizer }),
  };
}

/**
 * A checkpoint's model with the task's head, which is new where the file has none or has one for other labels. With `lora` its
 * weights stay as they are, and small changes of some of them are trained, along with the head.
 */
export async function checkpointModel<Records>(
  { checkpoint, name }: TrainBase,
  task: LanguageTask<Records>,
  records: Records,
  tokenizer: Tokenizer,
  settings: TrainSettings,
): Promise<PreparedModel> {
  const own = settingsOf(checkpoint, task, records, tokenizer, settings);
  const tuned = withHead(checkpoint, {
    task: headOf[task.name],
    settings: { ...labelSettings(own), relpos_task: task.name, ...(own.labels && { pad_token_id: own.pad }) },
    seed: settings.seed,
  });
  const common = { initial: await tuned.load(), conversation: await conversationOf(checkpoint, tokenizer) };
  if (!settings.lora) {
    const [trained, frozen] = writable(tuned);
    return {
      ...common,
      model: taskModel(own, tuned.model),
      trained,
      frozen,
      save: (store, weights) => saveTuned(store, tuned, weights),
    };
  }
  const lora = { ...settings.lora, modulesToSave: headModules(tuned, task.name) };
  const adapted = withRemedy(() => adaptedModel(tuned, lora), "choose other targets, or all-linear");
  return {
    ...common,
    model: taskModel(own, adapted.model),
    trained: adapted.parameters,
    frozen: adapted.frozen,
    save: (store, weights) => saveAdapted(store, tuned, lora, weights, name),
  };
}

/** The task's settings of a checkpoint: its sizes, and labels as it has them where it knows all of the records'. */
function settingsOf<Records>(
  checkpoint: Checkpoint,
  task: LanguageTask<Records>,
  records: Records,
  tokenizer: Tokenizer,
  settings: TrainSettings,
): ModelSettings {
  const found = settingsOfCheckpoint(checkpoint, tokenizer, task.name);
  const longest = longestOf(checkpoint.config, checkpoint.model);
  require(settings.length <= longest, () =>
    `the model sees ${longest} tokens at most, got length ${settings.length}`, () =>
    `choose --length ${longest} or less`);
  const asked = task.settings(records, tokenizer, { ...settings, ...sizesOf(found) }, settings);
  const { labels } = asked;
  const known = labels && checkpoint.model.task === headOf[task.name] ? (found.labels ?? []) : [];
  const keeps = labels?.every((label) => known.includes(label)) && asked.multiLabel === found.multiLabel;
  const own = keeps ? known : labels;
  return {
    ...asked,
    ...found,
    task: task.name,
    length: settings.length,
    ...(own && { labels: own, multiLabel: asked.multiLabel ?? false }),
  };
}

function sizesOf({ layers, width, heads, feedForward, encoding }: ModelSettings) {
  return { layers, width, heads, feedForward, encoding };
}

/** Parameters that can be written back, and those that cannot: computed from several tensors, or of a tensor that another has. */
function writable({ model, sources }: Checkpoint): readonly [trained: ParameterSpecs, frozen: ParameterSpecs] {
  const taken = new Set<string>();
  const isWritable = (name: string): boolean => {
    const source = sources.get(name);
    const tensor = source?.names[0];
    if (!source?.put || tensor === undefined) return false;
    const shares = source.unchanged && taken.has(tensor);
    taken.add(tensor);
    return !shares;
  };
  const entries = Object.entries(model.parameters).map(([name, spec]) => [name, spec, isWritable(name)] as const);
  const those = (wanted: boolean): ParameterSpecs =>
    Object.fromEntries(entries.flatMap(([name, spec, own]) => (own === wanted ? [[name, spec]] : [])));
  return [those(true), those(false)];
}

/** Modules of the head, where a task has one of its own: they are kept as a whole beside a low-rank change. */
function headModules({ model, sources }: Checkpoint, task: LanguageTaskName): readonly string[] {
  if (task !== "classify" && task !== "qa") return [];
  const names = Object.keys(model.parameters).filter((name) => name.startsWith("head."));
  return [...new Set(names.map((name) => sources.get(name)!.names[0]!.replace(/\.[^.]+$/, "")))];
}

/** Files of a base that are not the model's, or are written anew. */
const left = /^(settings|results|report|config|model\.safetensors\.index)\.json$/;

async function saveTuned(store: RunStore, tuned: Checkpoint, weights: Named<HostTensor>): Promise<void> {
  const config: (readonly [string, Iterable<Uint8Array>])[] = [];
  for await (const [name, pieces] of checkpointFiles(tuned, weights)) {
    if (name === "config.json") config.push([name, pieces]);
    else if (!left.test(name)) await store.write(name, joined(pieces));
  }
  for (const [name, pieces] of config) await store.write(name, joined(pieces));
}

async function saveAdapted(
  store: RunStore,
  tuned: Checkpoint,
  lora: LoraConfig,
  weights: Named<HostTensor>,
  base: string,
): Promise<void> {
  for (const [name, file] of tuned.files) {
    if (/\.(json|txt|model|jinja)$/.test(name) && !left.test(name))
      await store.write(name, await file.read(0, await file.size()));
  }
  for (const [name, bytes] of adapterFiles(tuned, adapterOf(tuned, lora, weights), base))
    await store.write(name, bytes);
  await writeJson(store, "config.json", tuned.config);
}

function joined(pieces: Iterable<Uint8Array>): Uint8Array {
  const all = [...pieces];
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of all) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}
