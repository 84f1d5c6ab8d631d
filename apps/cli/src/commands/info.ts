import { type Checkpoint, formatRope } from "@relpos/checkpoints";
import type { PositionEncoding } from "@relpos/core/encodings";
import type { Command } from "commander";
import type { CliContext } from "../context.js";
import { checkpointFlags, type ModelRequest } from "../models/model-flags.js";
import { openModel } from "../models/open-model.js";
import { addFlags } from "./flags.js";

interface InfoFlags extends ModelRequest {
  readonly json?: true;
}

const groups = {
  "What is shown:": [...checkpointFlags, { flags: "--json", description: "print JSON in place of text" }],
};

const examples = `
Examples:
  $ relpos info --model ./Llama-3.2-1B
  $ relpos info --model ./Llama-3.2-1B --rope auto:262144`;

/** `relpos info`: what a checkpoint is, from its configuration and headers; no weight is read. */
export function addInfoCommand(program: Command, context: CliContext): void {
  addFlags(program.command("info"), groups)
    .description("show what a checkpoint is: family, parameters, position encoding, memory")
    .addHelpText("after", examples)
    .action((flags: InfoFlags) => showInfo(flags, context));
}

async function showInfo(flags: InfoFlags, { console }: CliContext): Promise<void> {
  const checkpoint = await openModel(flags);
  try {
    const info = infoOf(checkpoint);
    console.out(flags.json ? `${JSON.stringify(info, undefined, 2)}\n` : textOf(info));
  } finally {
    await checkpoint.close();
  }
}

/**
 * Bits of an element of a matrix. Blocks of 32 have a scale of 32 bits; vectors stay in 32 bits.
 */
const dtypes: Readonly<Record<string, number>> = { fp32: 32, fp16: 16, q8: 9, q4: 5 };

/** Bits of an element of the cache. */
const cacheBits = 32;

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

function infoOf({ family, model, contextLength, rope, weights, unused }: Checkpoint) {
  const shapes = Object.values(model.parameters).map(({ shape }) => shape);
  const total = (matrices: boolean): number =>
    shapes.filter((shape) => shape.length > 1 === matrices).reduce((sum, shape) => sum + count(shape), 0);
  const [inMatrices, inVectors] = [total(true), total(false)];
  const { cache } = model;
  const stored = [...weights.tensors.values()];
  return {
    family,
    task: model.task,
    parameters: inMatrices + inVectors,
    stored: {
      bytes: stored.reduce((sum, { length }) => sum + length, 0),
      dtypes: [...new Set(stored.map(({ dtype }) => dtype))],
    },
    inputs: model.inputs,
    ...(cache && { layers: cache.layers, kvHeads: cache.kvHeads, headSize: cache.headSize }),
    ...(contextLength !== undefined && { contextLength }),
    ...(rope && { rope: formatRope(rope) }),
    encodings: encodingsOf(model.encodings ?? []),
    memory: {
      weights: Object.fromEntries(
        Object.entries(dtypes).map(([dtype, bits]) => [dtype, Math.ceil((inMatrices * bits + inVectors * 32) / 8)]),
      ),
      ...(cache && {
        cache: contextsOf(contextLength).map((tokens) => ({
          tokens,
          bytes: (2 * cache.layers * cache.kvHeads * cache.headSize * tokens * cacheBits) / 8,
        })),
      }),
    },
    unused,
  };
}

type Info = ReturnType<typeof infoOf>;

/** Lengths to tell the memory of: powers of four, and the model's own. */
function contextsOf(longest: number | undefined): readonly number[] {
  const usual = [512, 2048, 8192, 32_768, 131_072];
  return longest === undefined ? usual.slice(0, 3) : [...usual.filter((tokens) => tokens < longest), longest];
}

/** The encodings that differ, each with its layers. */
function encodingsOf(encodings: readonly PositionEncoding[]) {
  const layers = new Map<string, number[]>();
  for (const [layer, { kind, settings }] of encodings.entries()) {
    const key = JSON.stringify({ kind, settings });
    layers.set(key, [...(layers.get(key) ?? []), layer]);
  }
  return [...layers].map(([key, own]) => ({
    ...(JSON.parse(key) as { readonly kind: string; readonly settings: Readonly<Record<string, unknown>> }),
    layers: own,
  }));
}

function textOf(info: Info): string {
  const { parameters, stored, memory, unused } = info;
  const shapes =
    info.layers === undefined
      ? []
      : [["layers", `${info.layers}, ${info.kvHeads} key and value heads of ${info.headSize}`]];
  const lines: readonly (readonly string[])[] = [
    ["family", info.family],
    ["task", info.task],
    ["parameters", parameters.toLocaleString("en-US")],
    ["stored", `${size(stored.bytes)}, ${stored.dtypes.join(", ")}`],
    ...shapes,
    ["context", describeContext(info)],
    ...info.encodings.map((encoding) => ["encoding", describe(encoding, info.encodings.length > 1)]),
    ["inputs", info.inputs.join(", ")],
    [
      "memory",
      Object.entries(memory.weights)
        .map(([dtype, bytes]) => `${dtype} ${size(bytes)}`)
        .join(", "),
    ],
    ...(memory.cache ?? []).map(({ tokens, bytes }) => ["cache", `${size(bytes)} at ${tokens} tokens`]),
    ...(unused.length > 0 ? [["unused", `${unused.length} tensors: ${unused.slice(0, 5).join(", ")}`]] : []),
  ];
  return lines.map(([name, value]) => `${`${name}:`.padEnd(12)}${value}\n`).join("");
}

function describeContext({ contextLength, rope }: Info): string {
  if (rope === undefined) return contextLength === undefined ? "no limit named" : `${contextLength} tokens`;
  return `${contextLength === undefined ? "no limit" : `${contextLength} tokens`}, with ${rope}`;
}

function describe({ kind, settings, layers }: Info["encodings"][number], ofSeveral: boolean): string {
  const shown = Object.entries(settings).flatMap(([name, value]) => {
    const short = typeof value === "number" || typeof value === "string" || value === true;
    if (short) return [`${name} ${value}`];
    return value && typeof value === "object" && "kind" in value ? [`${name} ${JSON.stringify(value)}`] : [];
  });
  const where = ofSeveral ? `, layers ${layers.join(" ")}` : "";
  return `${kind}${shown.length > 0 ? ` (${shown.join(", ")})` : ""}${where}`;
}

/** Bytes as MiB or GiB. */
function size(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 1024 ? `${mebibytes.toFixed(mebibytes < 10 ? 2 : 0)} MiB` : `${(mebibytes / 1024).toFixed(2)} GiB`;
}
