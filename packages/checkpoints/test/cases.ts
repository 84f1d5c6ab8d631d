import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { elementCount, type HostTensor, tensor, toNumbers } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { Named } from "@relpos/core/nn";
import { expect } from "vitest";
import {
  type HostCache,
  type HostInputs,
  type LoadedModel,
  loadModel,
  openCheckpoint,
  openSafetensors,
} from "../src/index.js";

// A folder of ../shared/checkpoints: a checkpoint, inputs and the outputs that transformers computed for them
// (expected.safetensors), and its tolerance (case.json). Relative errors are over whole tensors, ‖out − ref‖ / ‖ref‖.

/** Names of the cases of a folder: every folder in it is one. */
export function caseNames(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

interface Case {
  readonly kind: string;
  readonly tolerance: { readonly relative_error_max: number };
}

/** What float32 may differ by from the float32 reference: the bound for ONNX Runtime. */
export const float32Tolerance = 1e-4;
/** "nll should agree to about 1e-4", in nats. */
const nllTolerance = 1e-4;

type Expected = Named<HostTensor>;

export async function readExpected(folder: string): Promise<Expected> {
  const file = await openSafetensors(join(folder, "expected.safetensors"));
  const entries = await Promise.all(
    [...file.tensors.keys()].map(async (name) => [name, await file.load(name)] as const),
  );
  await file.close();
  return Object.fromEntries(entries);
}

/** ‖a − e‖ / ‖e‖ over the elements that `counted` lets through. */
export function relativeError(
  actual: HostTensor,
  expected: HostTensor,
  counted: (index: number) => boolean = () => true,
): number {
  expect(actual.shape).toEqual(expected.shape);
  const [a, e] = [toNumbers(actual), toNumbers(expected)];
  let [difference, norm] = [0, 0];
  for (let i = 0; i < e.length; i++) {
    if (!counted(i)) continue;
    difference += ((a[i] as number) - (e[i] as number)) ** 2;
    norm += (e[i] as number) ** 2;
  }
  return Math.sqrt(difference / norm);
}

const integers = (values: readonly number[], shape: readonly number[]): HostTensor => tensor(values, shape, "int32");
const numbersOf = (value: HostTensor): number[] => Array.from(toNumbers(value));

/** Index of the largest of each row's last scores. */
function greedyChoice(logits: HostTensor): number[] {
  const [rows = 1, length = 1, size = 1] = logits.shape;
  const values = toNumbers(logits);
  return Array.from({ length: rows }, (_, row) => {
    const start = (row * length + length - 1) * size;
    let best = 0;
    for (let i = 1; i < size; i++) if ((values[start + i] as number) > (values[start + best] as number)) best = i;
    return best;
  });
}

/** Rows of tokens with one more token each. */
function appended(rows: HostTensor, next: readonly number[]): HostTensor {
  const [count = 1, length = 0] = rows.shape;
  const values = numbersOf(rows);
  const all = next.flatMap((token, row) => [...values.slice(row * length, (row + 1) * length), token]);
  return integers(all, [count, length + 1]);
}

type Inputs = { readonly [K in keyof HostInputs]: HostTensor };

/** Greedy tokens [B, count], with a cache or each from all tokens before it. */
async function greedy(
  model: LoadedModel,
  { inputs, tokens: name }: { readonly inputs: Inputs; readonly tokens: "input_ids" | "decoder_input_ids" },
  count: number,
  cached: boolean,
): Promise<number[]> {
  let given: Inputs = inputs;
  let past: HostCache | undefined;
  let chosen: HostTensor | undefined;
  let all = inputs[name] as HostTensor;
  const limit = model.model.cache?.staleAbove ?? Number.POSITIVE_INFINITY;
  // The step that makes the cache stale runs all tokens anew.
  const isStale = (tokens: HostTensor): boolean => tokens.shape[1] === limit + 1;
  for (let step = 0; step < count; step++) {
    const { outputs, present } = await model.run(given, { past });
    const next = greedyChoice(outputs.logits as HostTensor);
    const own = integers(next, [next.length, 1]);
    chosen = chosen ? appended(chosen, next) : own;
    const memory = outputs.encoder_last_hidden_state;
    const { input_ids: source, ...others } = given;
    const isDecoder = name === "input_ids";
    const mask = given.attention_mask;
    all = appended(all, next);
    given = {
      ...(memory ? { ...others, encoder_last_hidden_state: memory } : given),
      [name]: cached && !isStale(all) ? own : all,
      ...(mask &&
        isDecoder && {
          attention_mask: appended(
            mask,
            next.map(() => 1),
          ),
        }),
    };
    past = cached && !isStale(all) ? present : undefined;
  }
  return numbersOf(chosen as HostTensor);
}

/** Tokens [count] that follow a prompt, with a cache. */
export function greedyTokens(model: LoadedModel, prompt: readonly number[], count: number): Promise<number[]> {
  return greedy(
    model,
    { inputs: { input_ids: integers(prompt, [1, prompt.length]) }, tokens: "input_ids" },
    count,
    true,
  );
}

/** −log of the probability of each next token, [L − 1]. */
function negativeLogLikelihoods(logits: HostTensor, tokens: readonly number[]): number[] {
  const [, length = 0, size = 0] = logits.shape;
  const values = toNumbers(logits);
  return Array.from({ length: length - 1 }, (_, t) => {
    const row = Array.from({ length: size }, (_, i) => values[t * size + i] as number);
    const largest = Math.max(...row);
    const total = row.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    return Math.log(total) + largest - (row[tokens[t + 1] as number] as number);
  });
}

function lastRow(logits: HostTensor): HostTensor {
  const [rows = 1, length = 1, size = 1] = logits.shape;
  const values = numbersOf(logits);
  return tensor(values.slice((length - 1) * size, length * size), [rows, size]);
}

interface Context {
  readonly model: LoadedModel;
  readonly expected: Expected;
  readonly tolerance: number;
}

function checkOutput(
  name: string,
  actual: HostTensor,
  expected: HostTensor,
  tolerance: number,
  counted?: (index: number) => boolean,
) {
  const error = relativeError(actual, expected, counted);
  expect(error, `relative error of ${name}`).toBeLessThanOrEqual(tolerance);
}

/** Elements of the tokens that a mask [B, S] shows, in [B, S, …]. */
function shown(mask: HostTensor, shape: readonly number[]): (index: number) => boolean {
  const size = elementCount(shape.slice(2));
  return (index) => mask.data[Math.floor(index / size)] === 1;
}

async function checkLikelihoods({ model, expected, tolerance }: Context, inputs: Inputs, tokens: HostTensor) {
  const { outputs } = await model.run(inputs);
  const logits = outputs.logits as HostTensor;
  const actual = negativeLogLikelihoods(logits, numbersOf(tokens));
  const worst = Math.max(
    ...numbersOf(expected.nll as HostTensor).map((nll, t) => Math.abs(nll - (actual[t] as number))),
  );
  expect(worst, "difference of nll").toBeLessThanOrEqual(nllTolerance);
  checkOutput("nll_last_logits", lastRow(logits), expected.nll_last_logits as HostTensor, tolerance);
}

async function checkDecoder(context: Context): Promise<void> {
  const { model, expected, tolerance } = context;
  const { input_ids, position_ids } = expected as Named<HostTensor>;
  const { outputs } = await model.run({ input_ids, position_ids });
  checkOutput("logits", outputs.logits as HostTensor, expected.logits as HostTensor, tolerance);
  const tokens = expected.nll_input_ids as HostTensor;
  await checkLikelihoods(
    context,
    { input_ids: tokens, ...(expected.nll_position_ids && { position_ids: expected.nll_position_ids }) },
    tokens,
  );
  for (const name of ["a", "b"]) {
    const inputs = { input_ids: expected[`prompt_${name}`] as HostTensor };
    for (const cached of [false, true]) {
      const own = cached ? expected[`greedy_${name}_cached`] : undefined;
      const wanted = numbersOf(own ?? (expected[`greedy_${name}`] as HostTensor));
      const found = await greedy(model, { inputs, tokens: "input_ids" }, wanted.length, cached);
      expect(found, `greedy_${name}, ${cached ? "cached" : "uncached"}`).toEqual(wanted);
    }
  }
  if (!expected.pad_input_ids) return;
  const mask = expected.pad_attention_mask as HostTensor;
  const inputs = { input_ids: expected.pad_input_ids, attention_mask: mask };
  const { outputs: padded } = await model.run(inputs);
  const wanted = expected.pad_logits as HostTensor;
  checkOutput("pad_logits", padded.logits as HostTensor, wanted, tolerance, shown(mask, wanted.shape));
  const continuation = expected.pad_greedy;
  if (!continuation) return;
  for (const cached of [false, true]) {
    const found = await greedy(model, { inputs, tokens: "input_ids" }, continuation.shape[1] as number, cached);
    expect(found, `pad_greedy, ${cached ? "cached" : "uncached"}`).toEqual(numbersOf(continuation));
  }
}

async function checkEncoderDecoder(context: Context): Promise<void> {
  const { model, expected, tolerance } = context;
  const { input_ids, attention_mask, decoder_input_ids } = expected as Record<string, HostTensor>;
  const { outputs } = await model.run({ input_ids, attention_mask, decoder_input_ids });
  checkOutput("logits", outputs.logits as HostTensor, expected.logits as HostTensor, tolerance);
  const encoded = expected.encoder_last_hidden_state as HostTensor;
  const counted = shown(attention_mask as HostTensor, encoded.shape);
  checkOutput(
    "encoder_last_hidden_state",
    outputs.encoder_last_hidden_state as HostTensor,
    encoded,
    tolerance,
    counted,
  );
  const [source, own] = [expected.nll_input_ids, expected.nll_decoder_input_ids] as [HostTensor, HostTensor];
  await checkLikelihoods(context, { input_ids: source, decoder_input_ids: own }, own);
  const length = input_ids?.shape[1] as number;
  for (const [row, name] of ["a", "b"].entries()) {
    const ofRow = (value: HostTensor | undefined): HostTensor => {
      return integers(numbersOf(value as HostTensor).slice(row * length, (row + 1) * length), [1, length]);
    };
    const inputs = {
      input_ids: ofRow(input_ids),
      attention_mask: ofRow(attention_mask),
      decoder_input_ids: integers([0], [1, 1]),
    };
    const wanted = numbersOf(expected[`greedy_${name}`] as HostTensor);
    for (const cached of [false, true]) {
      const found = await greedy(model, { inputs, tokens: "decoder_input_ids" }, wanted.length, cached);
      expect(found, `greedy_${name}, ${cached ? "cached" : "uncached"}`).toEqual(wanted);
    }
  }
}

async function checkEncoder({ model, expected, tolerance }: Context): Promise<void> {
  const { input_ids, attention_mask, token_type_ids, long_input_ids, ...outputs } = expected as Record<
    string,
    HostTensor
  >;
  const { outputs: actual } = await model.run({ input_ids, attention_mask, token_type_ids });
  const { outputs: long } = await model.run({ input_ids: long_input_ids });
  expect(Object.keys(outputs).length).toBeGreaterThan(0);
  for (const [name, wanted] of Object.entries(outputs)) {
    if (name.startsWith("long_")) {
      const found = long[name.slice("long_".length)] as HostTensor;
      checkOutput(name, latest(found, wanted.shape), wanted, tolerance);
      continue;
    }
    const perToken = wanted.shape[1] === input_ids?.shape[1];
    const counted = perToken ? shown(attention_mask as HostTensor, wanted.shape) : undefined;
    checkOutput(name, actual[name] as HostTensor, wanted, tolerance, counted);
  }
}

/** The last tokens of [1, L, …] where the wanted shape has fewer. */
function latest(value: HostTensor, shape: readonly number[]): HostTensor {
  const count = elementCount(shape);
  return value.shape[1] === shape[1] ? value : tensor(numbersOf(value).slice(-count), shape);
}

async function checkImages({ model, expected, tolerance }: Context): Promise<void> {
  const { pixel_values, ...wanted } = expected as Record<string, HostTensor>;
  const { outputs } = await model.run({ pixel_values });
  for (const [name, value] of Object.entries(wanted)) checkOutput(name, outputs[name] as HostTensor, value, tolerance);
}

const checks: Readonly<Record<string, (context: Context) => Promise<void>>> = {
  decoder: checkDecoder,
  encdec: checkEncoderDecoder,
  encoder: checkEncoder,
  image: checkImages,
};

/** Opens a case by its configuration alone and compares everything that it holds. Errors for a kind of case that is unknown. */
export async function checkCase(folder: string, backend: Backend): Promise<void> {
  const { kind, tolerance } = JSON.parse(readFileSync(join(folder, "case.json"), "utf8")) as Case;
  const check = checks[kind];
  if (!check || !existsSync(join(folder, "config.json"))) throw new Error(`${folder}: unknown kind of case ${kind}`);
  const checkpoint = await openCheckpoint(folder);
  const model = await loadModel(checkpoint.model, await checkpoint.load(), backend);
  try {
    const limit = backend.name === "reference" ? tolerance.relative_error_max : float32Tolerance;
    await check({ model, expected: await readExpected(folder), tolerance: limit });
  } finally {
    await model.close();
    await checkpoint.close();
  }
}
