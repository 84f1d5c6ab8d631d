import { type Perplexity, perplexity } from "@relpos/pipelines";
import type { Command } from "commander";
import type { CliContext } from "../context.js";
import { CliError } from "../errors.js";
import { withData } from "../input-source.js";
import { type ModelFlags, textModelFlags } from "../models/model-flags.js";
import { onBackend, openGenerator } from "../models/open-model.js";
import { windowLength } from "../models/window-length.js";
import { statusLine } from "../status-line.js";
import { readTextFile } from "../text-file.js";
import { addFlags, backendFlags } from "./flags.js";
import { wholeNumber } from "./parsers.js";

interface PerplexityFlags extends ModelFlags {
  readonly text?: string;
  readonly length?: number;
  readonly stride?: number;
  readonly json?: true;
}

/** The most tokens of a window where nothing is said. */
const usualLength = 1024;

const groups = {
  "What is measured:": [
    ...textModelFlags,
    { flags: "-t, --text <file>", description: "a text in UTF-8" },
    {
      flags: "--length <tokens>",
      description: `tokens that the model sees at once (default: its context, at most ${usualLength})`,
      parse: wholeNumber("--length", 2),
    },
    {
      flags: "--stride <tokens>",
      description: "tokens from one window to the next; each token is scored once (default: half of the length)",
      parse: wholeNumber("--stride", 1),
    },
  ],
  "Where it runs:": [...backendFlags, { flags: "--json", description: "print the numbers as JSON" }],
};

const example = "\nExample:\n  $ relpos perplexity --model ./Llama-3.2-1B --text book.txt --length 2048 --stride 1024";

/** `relpos perplexity`: how well a checkpoint foretells a text. */
export function addPerplexityCommand(program: Command, context: CliContext): void {
  addFlags(program.command("perplexity"), groups)
    .description("measure how well a checkpoint foretells a text, in windows that overlap")
    .addHelpText("after", example)
    .action((flags: PerplexityFlags) => runPerplexity(flags, context));
}

async function runPerplexity(flags: PerplexityFlags, context: CliContext): Promise<void> {
  const { console } = context;
  if (flags.text === undefined) throw new CliError("--text is missing", "name a text file");
  const { text } = await readTextFile(flags.text);
  const { show, stop } = statusLine(console);
  await onBackend(flags, context, async (workplace) => {
    const generator = await openGenerator(flags, workplace, context);
    try {
      const length = windowLength(flags.length, usualLength, generator);
      const measured = await withData(
        () =>
          perplexity(generator.model, [...generator.tokenizer.encode(text, { addSpecialTokens: true }).ids], {
            length,
            stride: flags.stride,
            signal: workplace.signal,
            onWindow: ({ window, windows }) => show(window / windows, () => `window ${window} of ${windows}`),
          }),
        "choose another text, --length or --stride",
      );
      stop();
      const bytes = new TextEncoder().encode(text).length;
      console.out(flags.json ? `${JSON.stringify(asJson(measured, bytes))}\n` : asText(measured, bytes));
    } finally {
      stop();
      await generator.dispose();
    }
  });
}

/** Bits that a byte of the text takes: comparable between tokenizers. */
const bitsPerByte = ({ negativeLogLikelihood: nats }: Perplexity, bytes: number): number => nats / Math.LN2 / bytes;

const asJson = (measured: Perplexity, bytes: number) => ({
  ...measured,
  bytes,
  bitsPerByte: bitsPerByte(measured, bytes),
});

function asText(measured: Perplexity, bytes: number): string {
  const { perplexity: value, tokens, windows } = measured;
  return `perplexity:    ${value.toFixed(4)}\nbits per byte: ${bitsPerByte(measured, bytes).toFixed(4)}\ntokens:        ${tokens} in ${windows} windows\n`;
}
