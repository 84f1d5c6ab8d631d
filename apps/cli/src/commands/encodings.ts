import {
  catalogueTable,
  defaultSizes,
  describeCatalogue,
  describeEncoding,
  explainEncoding,
  type ModelSizes,
} from "@relpos/lab";
import type { Command } from "commander";
import type { CliContext } from "../context.js";
import { CliError } from "../errors.js";
import { addFlags } from "./flags.js";
import { wholeNumber } from "./parsers.js";

interface EncodingsFlags {
  readonly tier?: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly length: number;
  readonly json?: true;
}

const examples = `
Examples:
  $ relpos encodings --tier 1
  $ relpos encodings t5 --width 768 --heads 12
  $ relpos encodings --json`;

const groups = {
  "What is shown:": [
    {
      flags: "--tier <number>",
      description: "only 1 (in production), 2 (well known) or 3 (new)",
      parse: wholeNumber("--tier", 1),
    },
    { flags: "--json", description: "print JSON in place of text" },
  ],
  "The model that shapes of parameters are stated for:": [
    {
      flags: "--width <number>",
      description: "size of its embeddings",
      parse: wholeNumber("--width", 1),
      default: defaultSizes.width,
    },
    {
      flags: "--layers <number>",
      description: "layers",
      parse: wholeNumber("--layers", 1),
      default: defaultSizes.layers,
    },
    {
      flags: "--heads <number>",
      description: "attention heads",
      parse: wholeNumber("--heads", 1),
      default: defaultSizes.heads,
    },
    {
      flags: "--length <tokens>",
      description: "length that it is trained at",
      parse: wholeNumber("--length", 2),
      default: defaultSizes.length,
    },
  ],
};

/** `relpos encodings`: what the catalogue holds, and one of its encodings explained. */
export function addEncodingsCommand(program: Command, { console }: CliContext): void {
  addFlags(program.command("encodings").argument("[name]", "an encoding to explain, by name or alias"), groups)
    .description("list the position encodings, or explain one")
    .addHelpText("after", examples)
    .action((name: string | undefined, flags: EncodingsFlags) => {
      const sizes = sizesOf(flags);
      console.out(name === undefined ? listed(flags, sizes) : explained(name, flags, sizes));
    });
}

const columns = 100;

function listed({ tier, json }: EncodingsFlags, sizes: ModelSizes): string {
  const descriptions = describeCatalogue(tier, sizes);
  if (descriptions.length === 0) throw new CliError(`--tier ${tier} has no encodings`, "try --tier 1");
  return json ? toJson(descriptions) : catalogueTable(descriptions, columns);
}

function explained(name: string, { tier, json }: EncodingsFlags, sizes: ModelSizes): string {
  if (tier !== undefined) throw new CliError("a name and --tier exclude each other", "leave one out");
  const description = describeEncoding(name, sizes);
  return json ? toJson(description) : explainEncoding(description, sizes, columns);
}

function sizesOf({ width, layers, heads, length }: EncodingsFlags): ModelSizes {
  if (width % heads !== 0) {
    throw new CliError(
      `--heads must divide --width, got width ${width} and ${heads} heads`,
      `try --width ${Math.ceil(width / heads) * heads}`,
    );
  }
  return { width, layers, heads, kvHeads: heads, headSize: width / heads, length };
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
