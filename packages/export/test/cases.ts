import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openSafetensors } from "@relpos/checkpoints";
import { expect } from "vitest";
import { type Numbers, numbers, OnnxModel } from "./onnx-model.js";

// Exported models against what transformers computed for the checkpoint (expected.safetensors): relative errors are over whole
// tensors, ‖out − ref‖ / ‖ref‖, and greedy tokens are the same.

/** Every folder of a folder of cases. */
export function caseNames(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** What float32 may differ by from the float32 reference: the bound for ONNX Runtime. */
const tolerance = 1e-4;

type Expected = Readonly<Record<string, Numbers>>;

async function readExpected(folder: string): Promise<Expected> {
  const file = await openSafetensors(join(folder, "expected.safetensors"));
  const names = [...file.tensors.keys()];
  const entries = await Promise.all(names.map(async (name) => [name, await file.load(name)] as const));
  await file.close();
  return Object.fromEntries(entries);
}

/** Compares, leaving out the rows of padding that a mask [B, S] names. */
function expectNear(what: string, actual: Numbers | undefined, expected: Numbers, mask?: Numbers): void {
  expect(actual?.shape, `shape of ${what}`).toEqual(expected.shape);
  const each = expected.data.length / (mask?.data.length ?? 1);
  let [difference, norm] = [0, 0];
  for (let i = 0; i < expected.data.length; i++) {
    if (mask && mask.data[Math.floor(i / each)] !== 1) continue;
    difference += ((actual?.data[i] as number) - (expected.data[i] as number)) ** 2;
    norm += (expected.data[i] as number) ** 2;
  }
  expect(Math.sqrt(difference / norm), `relative error of ${what}`).toBeLessThanOrEqual(tolerance);
}

const onesLike = ({ shape, data }: Numbers): Numbers =>
  numbers(
    shape,
    Array.from(data, () => 1),
  );

/** Columns of [B, L, …] from one on. */
function columnsFrom({ shape, data }: Numbers, start: number): Numbers {
  const [rows = 1, length = 1, ...rest] = shape;
  const size = rest.reduce((product, dim) => product * dim, 1);
  const parts = Array.from({ length: rows }, (_, row) =>
    Array.prototype.slice.call(data, (row * length + start) * size, (row + 1) * length * size),
  );
  return numbers([rows, length - start, ...rest], parts.flat());
}

function appended({ shape, data }: Numbers, column: readonly number[]): Numbers {
  const [rows = 1, length = 0] = shape;
  const all = column.flatMap((value, row) => [
    ...Array.prototype.slice.call(data, row * length, (row + 1) * length),
    value,
  ]);
  return numbers([rows, length + 1], all);
}

/** cumsum(mask) − 1, and 0 on padding, as transformers counts. */
function positionsOf(mask: Numbers): Numbers {
  const length = mask.shape[1] as number;
  let count = 0;
  const data = Array.from(mask.data, (value, index) => {
    if (index % length === 0) count = 0;
    count += value;
    return value === 1 ? count - 1 : 0;
  });
  return numbers(mask.shape, data);
}

/** What a decoder is given for the tokens behind the first `start`; some models want a position for each of three axes. */
function inputsFor(model: OnnxModel, tokens: Numbers, mask: Numbers, start: number, given?: Numbers) {
  const counted = columnsFrom(positionsOf(mask), start);
  const axes = model.inputs.includes("position_ids") && model.shapeOf("position_ids").length === 3;
  const three = numbers(
    [3, ...counted.shape],
    [0, 1, 2].flatMap(() => Array.from(counted.data)),
  );
  return {
    input_ids: columnsFrom(tokens, start),
    attention_mask: mask,
    position_ids: given ?? (axes ? three : counted),
  };
}

/** The largest of each row's last scores. */
function greedyChoice({ shape, data }: Numbers): number[] {
  const [rows = 1, length = 1, size = 1] = shape;
  return Array.from({ length: rows }, (_, row) => {
    const start = (row * length + length - 1) * size;
    let best = 0;
    for (let i = 1; i < size; i++) if ((data[start + i] as number) > (data[start + best] as number)) best = i;
    return best;
  });
}

/** Greedy tokens [B, count], each from the cache; a text that grows past `staleAbove` is run anew once. */
async function greedy(
  model: OnnxModel,
  prompt: Numbers,
  first: Numbers,
  count: number,
  staleAbove = Number.POSITIVE_INFINITY,
) {
  let [tokens, mask, done] = [prompt, first, 0];
  let past: Awaited<ReturnType<OnnxModel["run"]>>["present"] = {};
  for (let step = 0; step < count; step++) {
    const { outputs, present } = await model.run(inputsFor(model, tokens, mask, done), past);
    const next = greedyChoice(outputs.logits as Numbers);
    done = tokens.shape[1] as number;
    past = present;
    [tokens, mask] = [
      appended(tokens, next),
      appended(
        mask,
        next.map(() => 1),
      ),
    ];
    if (tokens.shape[1] === staleAbove + 1) [done, past] = [0, {}];
  }
  return Array.from(columnsFrom(tokens, prompt.shape[1] as number).data);
}

async function checkDecoder(folder: string, expected: Expected, staleAbove?: number): Promise<void> {
  const model = await OnnxModel.open(folder);
  const all = async (tokens: Numbers, mask = onesLike(tokens), positions?: Numbers) =>
    (await model.run(inputsFor(model, tokens, mask, 0, positions))).outputs.logits as Numbers;
  const { input_ids, position_ids, nll_input_ids, nll_position_ids, nll_last_logits } = expected as Record<
    string,
    Numbers
  >;
  expectNear("logits", await all(input_ids!, undefined, position_ids), expected.logits!);
  const last = columnsFrom(await all(nll_input_ids!, undefined, nll_position_ids), nll_input_ids!.shape[1]! - 1);
  expectNear("nll_last_logits", numbers(nll_last_logits!.shape, last.data), nll_last_logits!);
  for (const name of ["a", "b"]) {
    const prompt = expected[`prompt_${name}`]!;
    const wanted = (expected[`greedy_${name}_cached`] ?? expected[`greedy_${name}`])!;
    const found = await greedy(model, prompt, onesLike(prompt), wanted.data.length, staleAbove);
    expect(found, `greedy_${name}`).toEqual(Array.from(wanted.data));
  }
  const { pad_input_ids, pad_attention_mask: mask, pad_logits, pad_greedy } = expected as Record<string, Numbers>;
  if (pad_input_ids && mask) {
    expectNear("pad_logits", await all(pad_input_ids, mask), pad_logits!, mask);
    if (pad_greedy) {
      const found = await greedy(model, pad_input_ids, mask, pad_greedy.shape[1]!, staleAbove);
      expect(found, "pad_greedy").toEqual(Array.from(pad_greedy.data));
    }
  }
  await model.close();
}

async function checkEncoderDecoder(folder: string, expected: Expected): Promise<void> {
  const [encoder, decoder] = [
    await OnnxModel.open(folder, "encoder_model"),
    await OnnxModel.open(folder, "decoder_model_merged"),
  ];
  const { input_ids, attention_mask, decoder_input_ids, encoder_last_hidden_state } = expected as Record<
    string,
    Numbers
  >;
  const { outputs } = await encoder.run({ input_ids, attention_mask });
  const encoder_hidden_states = outputs.last_hidden_state;
  expectNear("last_hidden_state", encoder_hidden_states, encoder_last_hidden_state!, attention_mask);
  const memory = { encoder_hidden_states, encoder_attention_mask: attention_mask };
  const { logits } = (await decoder.run({ input_ids: decoder_input_ids, ...memory })).outputs;
  expectNear("logits", logits, expected.logits!);
  let next = numbers([2, 1], [0, 0]);
  let past: Awaited<ReturnType<OnnxModel["run"]>>["present"] = {};
  const found: number[][] = [];
  for (let step = 0; step < expected.greedy_a!.data.length; step++) {
    const { outputs, present } = await decoder.run({ input_ids: next, ...memory }, past);
    found.push(greedyChoice(outputs.logits as Numbers));
    [next, past] = [numbers([2, 1], found.at(-1)!), present];
  }
  for (const [row, name] of ["greedy_a", "greedy_b"].entries()) {
    expect(
      found.map((step) => step[row]),
      name,
    ).toEqual(Array.from(expected[name]!.data));
  }
  await Promise.all([encoder.close(), decoder.close()]);
}

async function checkEncoder(folder: string, expected: Expected): Promise<void> {
  const model = await OnnxModel.open(folder);
  const { input_ids, attention_mask, token_type_ids, long_input_ids, ...wanted } = expected as Record<string, Numbers>;
  const zeros = (like: Numbers): Numbers =>
    numbers(
      like.shape,
      Array.from(like.data, () => 0),
    );
  const { outputs } = await model.run({
    input_ids,
    attention_mask,
    token_type_ids: token_type_ids ?? zeros(input_ids!),
  });
  const { outputs: long } = await model.run({
    input_ids: long_input_ids,
    attention_mask: onesLike(long_input_ids!),
    token_type_ids: zeros(long_input_ids!),
  });
  for (const [name, value] of Object.entries(wanted)) {
    if (name.startsWith("long_")) {
      const found = long[name.slice("long_".length)] as Numbers;
      const rows = found.shape[1] === value.shape[1] ? 0 : (found.shape[1] as number) - (value.shape[1] as number);
      expectNear(name, rows > 0 ? columnsFrom(found, rows) : found, value);
    } else {
      expectNear(name, outputs[name], value, value.shape[1] === input_ids!.shape[1] ? attention_mask : undefined);
    }
  }
  await model.close();
}

async function checkImages(folder: string, expected: Expected): Promise<void> {
  const model = await OnnxModel.open(folder);
  const { pixel_values, ...wanted } = expected as Record<string, Numbers>;
  const { outputs } = await model.run({ pixel_values });
  for (const [name, value] of Object.entries(wanted)) expectNear(name, outputs[name], value);
  await model.close();
}

const checks: Readonly<Record<string, (folder: string, expected: Expected, staleAbove?: number) => Promise<void>>> = {
  decoder: checkDecoder,
  encdec: checkEncoderDecoder,
  encoder: checkEncoder,
  image: checkImages,
};

/** Compares an exported folder with everything that a case holds. Errors for a kind of case that is unknown. */
export async function checkExported(folder: string, caseFolder: string, staleAbove?: number): Promise<void> {
  const file = join(caseFolder, "case.json");
  const { kind } = existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as { kind: string })
    : { kind: "without" };
  const check = checks[kind];
  if (!check) throw new Error(`${caseFolder}: unknown kind of case ${kind}`);
  await check(folder, await readExpected(caseFolder), staleAbove);
}
