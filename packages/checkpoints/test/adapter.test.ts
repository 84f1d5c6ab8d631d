import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import {
  crossEntropy,
  exactTensor,
  foldIn,
  type HostTensor,
  randomKey,
  randomNormal,
  type Tensor,
  tensor,
  toNumbers,
} from "@relpos/core";
import { initializeParameters, mapNamed, type Named } from "@relpos/core/nn";
import { adamW, Trainer } from "@relpos/core/train";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type AdaptedModel,
  adaptedModel,
  adapterFiles,
  adapterOf,
  type Checkpoint,
  type LoraConfig,
  loadModel,
  mergeAdapter,
  openAdapter,
  openCheckpoint,
  openLlama2c,
  openSafetensors,
  readLlama2cTokenizer,
  saveAdapter,
  saveCheckpoint,
  withHead,
} from "../src/index.js";
import { bytesSource } from "../src/safetensors/index.js";

// LoRA, W + (alpha/r)·B·A, on checkpoints of families whose files hold projections apart (Llama) and merged (GPT-NeoX, Phi-3).

const fixture = join(import.meta.dirname, "fixtures/llama_rope_bf16");
const shared = process.env.RELPOS_CHECKPOINTS ?? join(import.meta.dirname, "../../../../shared/checkpoints");
const backend = createReferenceBackend();
const config: LoraConfig = { rank: 4, alpha: 8, targets: ["q_proj", "v_proj"] };
const tokens = tensor(Int32Array.of(5, 9, 12, 3, 77, 40, 5, 9, 12, 3), [1, 10], "int32");
const labels = tensor(Int32Array.of(9, 12, 3, 77, 40, 5, 9, 12, 3, 77), [1, 10], "int32");

let folder: string;
let checkpoint: Checkpoint;
let base: Named<HostTensor>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relpos-adapter-"));
  checkpoint = await openCheckpoint(fixture);
  base = await checkpoint.load();
});
afterAll(async () => {
  await checkpoint.close();
  await rm(folder, { recursive: true });
  await backend.close();
});

/** Values for an adapter's parameters, B among them. */
const drawn = ({ parameters }: AdaptedModel): Named<HostTensor> =>
  mapNamed(parameters, ({ shape }, name) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return tensor(
      Float32Array.from(randomNormal(foldIn(randomKey(3), name), count), (x) => 0.1 * x),
      shape,
    );
  });

const logitsOf = async (model: Checkpoint["model"], weights: Named<HostTensor>): Promise<HostTensor> => {
  const loaded = await loadModel(model, weights, backend);
  const { outputs } = await loaded.run({ input_ids: tokens }, { wanted: ["logits"] });
  await loaded.close();
  return outputs.logits as HostTensor;
};

const loss =
  ({ model }: Pick<AdaptedModel, "model">) =>
  (weights: Named<Tensor>, batch: Named<Tensor>, drop: (x: Tensor, name: string) => Tensor): Tensor => {
    const { logits } = model.apply(weights, { input_ids: batch.tokens }, undefined, drop).outputs;
    return crossEntropy(logits as Tensor, batch.labels as Tensor);
  };
const batch = { tokens: { shape: [1, 10], dtype: "int32" }, labels: { shape: [1, 10], dtype: "int32" } } as const;

const trainerOf = (adapted: AdaptedModel, initial: Named<HostTensor>, options: object = {}) =>
  Trainer.create(backend, {
    parameters: adapted.parameters,
    frozen: adapted.frozen,
    initial,
    loss: loss(adapted),
    batch,
    optimizer: adamW({ learningRate: 0.01, weightDecay: 0 }),
    ...options,
  });

describe("a Llama with an adapter", () => {
  test("begins as it was: B is zero", async () => {
    const adapted = adaptedModel(checkpoint, config);
    const begun = await logitsOf(adapted.model, { ...base, ...initializeParameters(adapted.parameters, 0) });
    expectClose(begun, await logitsOf(checkpoint.model, base), "exact");
  });

  test("learns: the loss falls, only A and B change and have optimizer state", async () => {
    const adapted = adaptedModel(checkpoint, { ...config, dropout: 0.1 });
    const trainer = await trainerOf(adapted, base, { dropout: 0.1 });
    const losses: number[] = [];
    for (let step = 0; step < 12; step++) losses.push((await trainer.train({ tokens, labels })).loss);
    expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] as number));
    const names = Object.keys(await trainer.state()).filter(
      (name) => name !== "step" && !/^lora\.|^group\./.test(name),
    );
    expect(names).toEqual([]);
    expect(Object.keys(await trainer.downloadParameters()).every((name) => name.startsWith("lora."))).toBe(true);
    for (const name of Object.keys(adapted.frozen)) {
      const now = await backend.download(trainer.parameters[name] as never);
      expect(Array.from(toNumbers(now)), name).toEqual(Array.from(toNumbers(base[name] as HostTensor)));
    }
    await trainer.dispose();
  });

  test("has the gradients of central differences", async () => {
    const adapted = adaptedModel(checkpoint, config);
    const values = drawn(adapted);
    // One step of plain gradient descent at rate 1 is the gradient.
    const { sgd } = await import("@relpos/core/train");
    const trainer = await trainerOf(adapted, { ...base, ...values }, { optimizer: sgd({ learningRate: 1 }) });
    await trainer.train({ tokens, labels });
    const after = await trainer.downloadParameters();
    await trainer.dispose();
    const lossAt = async (name: string, index: number, step: number): Promise<number> => {
      const moved = values[name] as HostTensor;
      const data = Float64Array.from(toNumbers(moved));
      data[index] = (data[index] as number) + step;
      const probe = await trainerOf(adapted, { ...base, ...values, [name]: exactTensor([...data], moved.shape) });
      const { loss: found } = await probe.train({ tokens, labels });
      await probe.dispose();
      return found;
    };
    for (const side of ["A", "B"]) {
      const name = `lora.model.layers.1.self_attn.q_proj.${side}`;
      const before = values[name] as HostTensor;
      for (const index of [0, before.data.length - 1]) {
        const h = 1e-3;
        const difference = ((await lossAt(name, index, h)) - (await lossAt(name, index, -h))) / (2 * h);
        const gradient = (toNumbers(before)[index] as number) - (toNumbers(after[name] as HostTensor)[index] as number);
        expectClose(exactTensor([gradient], []), exactTensor([difference], []), "goldenSingle");
      }
    }
  });

  test("merged gives what unmerged gives, and a saved adapter opens as PEFT's", async () => {
    const adapted = adaptedModel(checkpoint, config);
    const values = drawn(adapted);
    const unmerged = await logitsOf(adapted.model, { ...base, ...values });
    const adapter = adapterOf(checkpoint, config, values);
    const before = await readFile(join(fixture, "model.safetensors"));
    const merged = mergeAdapter(checkpoint, adapter);
    expectClose(await logitsOf(merged.model, await merged.load()), unmerged, "goldenSingle");
    await saveAdapter(join(folder, "adapter"), checkpoint, adapter, "some/llama");
    const fields = JSON.parse(await readFile(join(folder, "adapter/adapter_config.json"), "utf8")) as object;
    expect(fields).toMatchObject({
      peft_type: "LORA",
      r: 4,
      lora_alpha: 8,
      target_modules: ["q_proj", "v_proj"],
      task_type: "CAUSAL_LM",
      base_model_name_or_path: "some/llama",
      fan_in_fan_out: false,
    });
    const file = await openSafetensors(join(folder, "adapter/adapter_model.safetensors"));
    expect(file.tensors.get("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight")?.shape).toEqual([4, 48]);
    await file.close();
    const opened = await openCheckpoint(fixture, { adapter: join(folder, "adapter") });
    expectClose(await logitsOf(opened.model, await opened.load()), unmerged, "goldenSingle");
    await saveCheckpoint(join(folder, "merged"), opened, await opened.load());
    await opened.close();
    const saved = await openCheckpoint(join(folder, "merged"));
    expectClose(await logitsOf(saved.model, await saved.load()), unmerged, "goldenSingle");
    await saved.close();
    expect(await readFile(join(fixture, "model.safetensors"))).toEqual(before);
  });

  test("of another model, of another kind or with unknown targets is refused", async () => {
    expect(() => adaptedModel(checkpoint, { ...config, targets: ["q_proj", "c_attn"] })).toThrow(
      "targets must be linear layers of the model, such as q_proj, k_proj, v_proj, o_proj, ",
    );
    expect(() => adaptedModel(checkpoint, { ...config, rank: 0 })).toThrow("rank must be whole and positive, got 0");
    const files = new Map(
      adapterFiles(checkpoint, adapterOf(checkpoint, config, drawn(adaptedModel(checkpoint, config)))),
    );
    const opened = (others: object) => {
      const fields = JSON.parse(new TextDecoder().decode(files.get("adapter_config.json"))) as object;
      const text = new TextEncoder().encode(JSON.stringify({ ...fields, ...others }));
      const all = [...files, ["adapter_config.json", text] as const];
      return openAdapter(new Map(all.map(([name, bytes]) => [name, bytesSource(bytes, name)])));
    };
    await expect(opened({ peft_type: "LOHA" })).rejects.toThrow('peft_type must be "LORA"');
    await expect(opened({ use_dora: true })).rejects.toThrow("use_dora must be false");
    await expect(opened({ rank_pattern: { q_proj: 2 } })).rejects.toThrow("rank_pattern");
    const wider = await opened({ r: 8 });
    expect(() => mergeAdapter(checkpoint, wider)).toThrow("must have shape [8,48] by the model, got [4,48]");
    const fewer = await opened({ target_modules: ["q_proj"] });
    expect(() => mergeAdapter(checkpoint, fewer)).toThrow(
      "every tensor must be of the model, got base_model.model.model",
    );
  });
});

test("a new head is trained and kept as a whole beside the adapter", async () => {
  const classifier = withHead(checkpoint, {
    task: "sequence-classification",
    settings: { num_labels: 3, pad_token_id: 0 },
  });
  expect(classifier.config.architectures).toEqual(["LlamaForSequenceClassification"]);
  const own: LoraConfig = { ...config, modulesToSave: ["score"] };
  const adapted = adaptedModel(classifier, own);
  const values = { ...(await classifier.load()), ...drawn(adapted) };
  const unmerged = await logitsOf(adapted.model, values);
  expect(unmerged.shape).toEqual([1, 3]);
  const adapter = adapterOf(classifier, own, values);
  expect(adapter.tensors.has("base_model.model.score.weight")).toBe(true);
  const merged = mergeAdapter(classifier, adapter);
  expectClose(await logitsOf(merged.model, await merged.load()), unmerged, "goldenSingle");
  // Saved with its head, it is a folder of the family that opens by its configuration alone.
  await saveCheckpoint(join(folder, "classifier"), classifier, await merged.load());
  const saved = await openCheckpoint(join(folder, "classifier"));
  expect(saved.unused).toEqual([]);
  expectClose(await logitsOf(saved.model, await saved.load()), unmerged, "goldenSingle");
  await saved.close();
});

const stories = join(shared, "../data/models/stories260K");

test.skipIf(!existsSync(stories))("stories260K learns another text with its own weights as they are", async () => {
  const opened = await openLlama2c(join(stories, "stories260K.bin"));
  const { encode } = readLlama2cTokenizer(await readFile(join(stories, "tok512.bin")));
  const text = encode("To be, or not to be, that is the question: whether it is nobler in the mind to suffer");
  const [ids, next] = [text.slice(0, 32), text.slice(1, 33)];
  const row = (values: readonly number[]) => tensor(Int32Array.from(values), [1, 32], "int32");
  const own: LoraConfig = { rank: 8, alpha: 16, targets: ["q_proj", "v_proj"] };
  const adapted = adaptedModel(opened, own);
  const initial = await opened.load();
  const types = { tokens: { shape: [1, 32], dtype: "int32" }, labels: { shape: [1, 32], dtype: "int32" } } as const;
  const trainer = await trainerOf(adapted, initial, { batch: types });
  const losses: number[] = [];
  for (let step = 0; step < 15; step++) {
    losses.push((await trainer.train({ tokens: row(ids), labels: row(next) })).loss);
  }
  expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] as number));
  const values = await trainer.downloadParameters();
  for (const name of Object.keys(adapted.frozen)) {
    const now = await backend.download(trainer.parameters[name] as never);
    expect(toNumbers(now)).toEqual(
      toNumbers(await backend.download(await backend.upload(initial[name] as HostTensor))),
    );
  }
  await trainer.dispose();
  const unmerged = await logitsOf(adapted.model, { ...initial, ...values });
  const merged = mergeAdapter(opened, adapterOf(opened, own, values));
  expectClose(await logitsOf(merged.model, await merged.load()), unmerged, "goldenSingle");
  await expect(saveCheckpoint(join(folder, "stories"), merged, initial)).rejects.toThrow("must name its architectures");
  await opened.close();
});

const families = [
  ["gpt2", ["c_attn", "c_fc"]],
  ["gpt_neox", ["query_key_value"]],
  ["phi3_longrope", ["qkv_proj", "down_proj"]],
  ["bert_seqcls", ["query", "classifier"]],
  ["llama_rope", "all-linear"],
] as const;

describe.each(families)("%s", (name, targets) => {
  test.skipIf(!existsSync(join(shared, name)))("merged gives what unmerged gives", async () => {
    const opened = await openCheckpoint(join(shared, name));
    const own: LoraConfig = { rank: 2, alpha: 4, targets, rankStabilized: true };
    const adapted = adaptedModel(opened, own);
    const values = drawn(adapted);
    const unmerged = await logitsOf(adapted.model, { ...(await opened.load()), ...values });
    const merged = mergeAdapter(opened, adapterOf(opened, own, values));
    expectClose(await logitsOf(merged.model, await merged.load()), unmerged, "goldenSingle");
    await opened.close();
  });
});

describe.each([
  ["gpt2", "sequence-classification", "GPT2ForSequenceClassification"],
  ["bert_mlm", "sequence-classification", "BertForSequenceClassification"],
  ["bert_mlm", "token-classification", "BertForTokenClassification"],
  ["roberta_mlm", "question-answering", "RobertaForQuestionAnswering"],
  ["deberta_v2_mlm", "sequence-classification", "DebertaV2ForSequenceClassification"],
  ["qwen3_sharded", "question-answering", "Qwen3ForQuestionAnswering"],
] as const)("%s with a head for %s", (name, task, architecture) => {
  test.skipIf(!existsSync(join(shared, name)))(
    "is saved among its family's names, and gives the same again",
    async () => {
      const opened = await openCheckpoint(join(shared, name));
      const labelled = task === "question-answering" ? {} : { id2label: { 0: "a", 1: "b", 2: "c", 3: "d" } };
      const tuned = withHead(opened, { task, settings: labelled, seed: 5 });
      const outputsOf = async (given: Checkpoint): Promise<Named<HostTensor>> => {
        const loaded = await loadModel(given.model, await given.load(), backend);
        const { outputs } = await loaded.run({ input_ids: tokens });
        await loaded.close();
        return outputs;
      };
      const saved = join(folder, `${name}-${task}`);
      const head = Object.entries(await tuned.load()).filter(([parameter]) => parameter.startsWith("head."));
      await saveCheckpoint(saved, tuned, Object.fromEntries(head));
      const again = await openCheckpoint(saved);
      expect(again.config.architectures).toEqual([architecture]);
      expect(again.unused).toEqual([]);
      const wanted = await outputsOf(tuned);
      for (const [output, value] of Object.entries(await outputsOf(again))) {
        expectClose(value, wanted[output] as HostTensor, "exact");
      }
      await again.close();
      await opened.close();
    },
  );
});
