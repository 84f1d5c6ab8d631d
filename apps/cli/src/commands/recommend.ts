import { recommendScaling, type ScalingRecommendation } from "@relpos/checkpoints";
import { RelposError } from "@relpos/core";
import { displayEntries, indented, ruleOf } from "@relpos/lab";
import type { Command } from "commander";
import type { CliContext } from "../context.js";
import { CliError } from "../errors.js";
import { readUtf8 } from "../text-file.js";
import { addFlags } from "./flags.js";
import { wholeNumber } from "./parsers.js";

interface RecommendFlags {
  readonly config?: string;
  readonly length?: number;
  readonly layerType?: string;
  readonly json?: true;
}

const example = `
Example:
  $ relpos recommend --config config.json --length 65536`;

const groups = {
  "Options:": [
    { flags: "-c, --config <file>", description: "config.json of a Hugging Face model with rotary positions" },
    { flags: "-l, --length <tokens>", description: "length to reach", parse: wholeNumber("--length", 1) },
    {
      flags: "--layer-type <name>",
      description: "kind of layer, where the configuration has rope parameters for several, such as full_attention",
    },
    { flags: "--json", description: "print JSON in place of text" },
  ],
};

/** `relpos recommend`: the ways for a model to reach a length, with their values and reasons. */
export function addRecommendCommand(program: Command, { console }: CliContext): void {
  addFlags(program.command("recommend"), groups)
    .description("recommend a scaling of rotary positions for a longer input")
    .addHelpText("after", example)
    .action(async ({ config, length, layerType, json }: RecommendFlags) => {
      if (config === undefined) throw new CliError("--config is missing", "name a model's config.json");
      if (length === undefined) throw new CliError("--length is missing", "for example --length 65536");
      const found = recommend(await readConfig(config), length, layerType, config);
      console.out(json ? `${JSON.stringify(found.map(plain), undefined, 2)}\n` : found.map(explain).join("\n"));
    });
}

async function readConfig(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readUtf8("--config", path, "name a model's config.json");
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new CliError(`--config ${path} is not JSON`, "name a model's config.json", 2, { cause: error });
  }
  throw new CliError(`--config ${path} holds no object`, "name a model's config.json");
}

function recommend(
  config: Readonly<Record<string, unknown>>,
  length: number,
  layerType: string | undefined,
  path: string,
): readonly ScalingRecommendation[] {
  try {
    return recommendScaling(config, length, layerType);
  } catch (error) {
    if (!(error instanceof RelposError)) throw error;
    const remedy =
      layerType === undefined ? "mend it, or try --layer-type full_attention" : "mend it, or its --layer-type";
    throw new CliError(`--config ${path}: ${ruleOf(error)}`, remedy, 2, { cause: error });
  }
}

/** What JSON can hold of a recommendation. */
function plain({ rope: _, ...rest }: ScalingRecommendation): Omit<ScalingRecommendation, "rope"> {
  return rest;
}

const trainingWords: Readonly<Record<ScalingRecommendation["training"], string>> = {
  none: "no training",
  better: "better with some training",
  needed: "needs training",
};

const columns = 100;

function explain({ method, training, settings, ropeParameters, reasons }: ScalingRecommendation): string {
  const values = displayEntries(settings);
  const lines = [
    `${method} (${trainingWords[training]})`,
    ...(values.length > 0 ? [indented(values.join(", "), 2, columns)] : []),
    ...reasons.map((reason) => indented(`- ${reason}`, 2, columns)),
    ...(ropeParameters
      ? [indented(`"rope_parameters": ${JSON.stringify(ropeParameters).replaceAll(",", ", ")}`, 2, columns)]
      : []),
  ];
  return `${lines.join("\n")}\n`;
}
