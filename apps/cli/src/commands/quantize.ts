import { type Checkpoint, type WeightDType, weightDTypes } from "@relpos/checkpoints";
import { bytesPerElement, elementCount } from "@relpos/core";
import { type Divergence, divergence, type TextGenerator } from "@relpos/pipelines";
import type { Command } from "commander";
import { chooseBackend, startBackend } from "../backends/load.js";
import type { CliContext } from "../context.js";
import { CliError } from "../errors.js";
import { withData } from "../input-source.js";
import { checkpointFlags, type ModelFlags, tokenizerFlag } from "../models/model-flags.js";
import { onBackend, openGenerator, openModel, type Workplace } from "../models/open-model.js";
import { windowLength } from "../models/window-length.js";
import { readTextFile } from "../text-file.js";
import { addFlags, backendFlags } from "./flags.js";
import { wholeNumber } from "./parsers.js";

interface QuantizeFlags extends Omit<ModelFlags, "dtype"> {
  readonly dtype?: readonly WeightDType[];
  readonly text?: string;
  readonly length?: number;
  readonly tokens: number;
  readonly json?: true;
}

type AccuracyLevel = 0 | 4;

/** Weights of a type: their size, and where a text was given how near they are to the whole ones. */
interface Row {
  readonly dtype: WeightDType;
  readonly bytes: number;
  readonly accuracyLevel?: AccuracyLevel;
  readonly quality?: Divergence;
}

/** Level 4 is recommended unless rounding to 8 bits adds more than this share to the divergence, and more than so many nats. */
const addedShare = 0.25;
const addedNats = 1e-3;

const usualLength = 512;

const remedy = "choose another text or --length";

const usualTypes: readonly WeightDType[] = ["q8", "q4"];

/** The types to make: the whole weights are measured anyway. */
const typesOf = ({ dtype = usualTypes }: QuantizeFlags): readonly WeightDType[] =>
  dtype.filter((one) => one !== "fp32");

/** Reads `q8,q4`. */
function dtypesOf(text: string): readonly WeightDType[] {
  return text.split(",").map((name) => {
    const dtype = weightDTypes.find((known) => known === name.trim());
    if (dtype) return dtype;
    throw new CliError(`--dtype takes ${weightDTypes.join(", ")}, got "${name}"`, "for example --dtype q8,q4");
  });
}

const groups = {
  "What is quantized:": [
    ...checkpointFlags,
    tokenizerFlag,
    {
      flags: "--dtype <types>",
      description: `one or several of ${weightDTypes.join(", ")} (default: ${usualTypes.join(",")})`,
      parse: dtypesOf,
    },
  ],
  "What is measured:": [
    { flags: "-t, --text <file>", description: "a text in UTF-8 (default: sizes alone)" },
    {
      flags: "--tokens <number>",
      description: "so many tokens of the text at most",
      parse: wholeNumber("--tokens", 2),
      default: 4096,
    },
    {
      flags: "--length <tokens>",
      description: `tokens that the model sees at once (default: its context, at most ${usualLength})`,
      parse: wholeNumber("--length", 2),
    },
  ],
  "Where it runs:": [...backendFlags, { flags: "--json", description: "print the numbers as JSON" }],
};

const example = "\nExample:\n  $ relpos quantize --model ./Llama-3.2-1B --text book.txt --dtype q8,q4";

/** `relpos quantize`: weights in fewer bits, their size and what they cost in quality. */
export function addQuantizeCommand(program: Command, context: CliContext): void {
  addFlags(program.command("quantize"), groups)
    .description("make a checkpoint's weights in fewer bits, keep them, and measure them against the whole ones")
    .addHelpText("after", example)
    .action((flags: QuantizeFlags) => runQuantize(flags, context));
}

async function runQuantize(flags: QuantizeFlags, context: CliContext): Promise<void> {
  const text = flags.text === undefined ? undefined : (await readTextFile(flags.text)).text;
  await onBackend(requestOf(flags, "fp32"), context, async (workplace) => {
    const rows = text === undefined ? await sizes(flags, workplace) : await qualities(flags, text, workplace, context);
    const recommended = recommendedLevels(rows);
    context.console.out(flags.json ? `${JSON.stringify({ rows, recommended })}\n` : asText(rows, recommended));
  });
}

const requestOf = ({ dtype: _, ...rest }: QuantizeFlags, dtype: WeightDType): ModelFlags => ({ ...rest, dtype });

const bytesOf = ({ model }: Pick<Checkpoint, "model">): number =>
  Object.values(model.parameters).reduce(
    (sum, { shape, dtype = "float32" }) => sum + elementCount(shape) * bytesPerElement[dtype],
    0,
  );

async function sizes(flags: QuantizeFlags, { signal }: Workplace): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const dtype of ["fp32", ...typesOf(flags)] as const) {
    const checkpoint = await openModel(requestOf(flags, dtype), { signal });
    rows.push({ dtype, bytes: bytesOf(checkpoint) });
    await checkpoint.close();
  }
  return rows;
}

/** Each type on a backend of each accuracy level, beside the whole weights. */
async function qualities(
  flags: QuantizeFlags,
  text: string,
  workplace: Workplace,
  context: CliContext,
): Promise<readonly Row[]> {
  const { signal } = workplace;
  const base = await openGenerator(requestOf(flags, "fp32"), workplace, context);
  const rows: Row[] = [{ dtype: "fp32", bytes: bytesOf(base.model) }];
  try {
    const length = windowLength(flags.length, usualLength, base);
    const { ids } = await withData(async () => base.tokenizer.encode(text, { addSpecialTokens: true }), remedy);
    const tokens = [...ids].slice(0, flags.tokens);
    const measure = async (backend: Workplace["backend"], dtype: WeightDType) => {
      const model: TextGenerator = await openGenerator(requestOf(flags, dtype), { backend, signal }, context);
      try {
        const quality = await withData(() => divergence(base.model, model.model, tokens, { length, signal }), remedy);
        return { dtype, bytes: bytesOf(model.model), quality };
      } finally {
        await model.dispose();
      }
    };
    for (const dtype of typesOf(flags)) {
      if (dtype === "fp16") {
        rows.push(await measure(workplace.backend, dtype));
        continue;
      }
      for (const accuracyLevel of [0, 4] as const) {
        const backend = await startBackend({ ...(await chooseBackend(flags)), accuracyLevel });
        try {
          rows.push({ ...(await measure(backend, dtype)), accuracyLevel });
        } finally {
          await backend.close();
        }
      }
    }
  } finally {
    await base.dispose();
  }
  return rows;
}

/** For each type with both levels, the one to take. */
function recommendedLevels(rows: readonly Row[]): Readonly<Record<string, AccuracyLevel>> {
  const found: Record<string, AccuracyLevel> = {};
  for (const { dtype, accuracyLevel, quality } of rows) {
    if (accuracyLevel !== 4 || !quality) continue;
    const exact = rows.find((row) => row.dtype === dtype && row.accuracyLevel === 0)?.quality?.divergence ?? 0;
    const added = quality.divergence - exact;
    found[dtype] = added > addedNats && added > addedShare * exact ? 0 : 4;
  }
  return found;
}

function asText(rows: readonly Row[], recommended: Readonly<Record<string, AccuracyLevel>>): string {
  const head = ["dtype", "level", "MB", "perplexity", "fp32's", "KL (nats)", "same token"];
  const lines = rows.map(({ dtype, bytes, accuracyLevel, quality }) => [
    dtype,
    accuracyLevel === undefined ? "" : String(accuracyLevel),
    (bytes / 1e6).toFixed(1),
    ...(quality
      ? [
          quality.perplexity.toFixed(4),
          quality.basePerplexity.toFixed(4),
          quality.divergence.toExponential(2),
          `${(100 * quality.agreement).toFixed(1)} %`,
        ]
      : []),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => (line[column] ?? "").length)));
  const table = [head, ...lines].map((line) =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number),
      )
      .join("  ")
      .trimEnd(),
  );
  const levels = Object.entries(recommended).map(
    ([dtype, level]) => `recommended accuracy level of ${dtype}: ${level}`,
  );
  return `${[...table, ...levels].join("\n")}\n`;
}
