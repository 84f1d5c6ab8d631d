import type { Generated, TextGenerator } from "@relpos/pipelines";
import type { Command } from "commander";
import type { CliContext } from "../context.js";
import { CliError } from "../errors.js";
import { withData } from "../input-source.js";
import { type ModelFlags, textModelFlags } from "../models/model-flags.js";
import { onBackend, openGenerator, type Workplace } from "../models/open-model.js";
import { collected, generateOptions, type SamplingFlags, samplingFlags } from "../models/sampling-flags.js";
import { addFlags, backendFlags } from "./flags.js";

interface GenerateFlags extends ModelFlags, SamplingFlags {
  readonly prompt?: readonly string[];
  readonly json?: true;
}

/** A text that was made, and how fast. */
interface Made extends Generated {
  readonly promptTokens: number;
  readonly firstTokenSeconds: number;
  readonly tokensPerSecond: number | undefined;
}

const groups = {
  "What is used:": [
    ...textModelFlags,
    {
      flags: "-p, --prompt <text>",
      description: "a text to go on from; may be given several times, or as an argument",
      parse: collected as (text: string) => readonly string[],
    },
  ],
  "How text is made:": samplingFlags,
  "Where it runs:": [...backendFlags, { flags: "--json", description: "print texts, tokens and times as JSON" }],
};

const examples = `
Examples:
  $ relpos generate --model ./Llama-3.2-1B --prompt "Once upon a time" --temperature 0.8 --top-p 0.95
  $ relpos generate --model stories260K.bin --tokenizer tok512.bin --prompt ""
  $ relpos generate --model models/book "Once upon a time"`;

/** `relpos generate`: text that follows prompts, as it is made, from a checkpoint or a model of `relpos train`. */
export function addGenerateCommand(program: Command, context: CliContext): void {
  addFlags(program.command("generate").argument("[prompts...]", "texts to go on from"), groups)
    .description("continue a text with a checkpoint, or a model that `relpos train` wrote")
    .addHelpText("after", examples)
    .action((prompts: readonly string[], flags: GenerateFlags) => runGenerate(prompts, flags, context));
}

async function runGenerate(given: readonly string[], flags: GenerateFlags, context: CliContext): Promise<void> {
  const prompts = [...(flags.prompt ?? []), ...given];
  if (prompts.length === 0) throw new CliError("--prompt is missing", 'give a text, for example --prompt "Once upon"');
  const chosen = { ...flags, model: flags.model ?? "relpos-model" };
  await onBackend(chosen, context, (workplace) => continueAll(prompts, chosen, workplace, context));
}

async function continueAll(
  prompts: readonly string[],
  flags: GenerateFlags,
  workplace: Workplace,
  context: CliContext,
): Promise<void> {
  const { console } = context;
  const generator = await openGenerator(flags, workplace, context);
  const results: (Made & { readonly prompt: string })[] = [];
  const remedy = "try another prompt, or the model's own tokenizer";
  try {
    // A prompt that cannot be read ends before anything is written.
    await withData(async () => prompts.forEach((prompt) => void generator.encode(prompt)), remedy);
    for (const prompt of prompts) {
      const say = flags.json ? () => {} : console.out;
      say(prompt);
      const made = await withData(
        () => written(generator, prompt, { ...flags, signal: workplace.signal }, say).finally(() => say("\n")),
        remedy,
      );
      results.push({ prompt, ...made });
      console.error(`${describe(made)}\n`);
    }
  } finally {
    await generator.dispose();
  }
  if (flags.json) console.out(`${JSON.stringify(results)}\n`);
}

/** Writes one text as it is made. */
async function written(
  generator: TextGenerator,
  prompt: string,
  { signal, ...flags }: GenerateFlags & { readonly signal: AbortSignal },
  say: (text: string) => void,
): Promise<Made> {
  const promptTokens = generator.encode(prompt).length;
  const begun = performance.now();
  let first: number | undefined;
  const pieces = generator.stream(prompt, { ...generateOptions(flags), signal });
  for (;;) {
    const next = await pieces.next();
    const now = performance.now();
    first ??= now;
    if (!next.done) {
      say(next.value);
      continue;
    }
    const { tokens } = next.value;
    const later = (now - first) / 1000;
    return {
      ...next.value,
      promptTokens,
      firstTokenSeconds: (first - begun) / 1000,
      tokensPerSecond: tokens.length > 1 && later > 0 ? (tokens.length - 1) / later : undefined,
    };
  }
}

function describe({ promptTokens, tokens, firstTokenSeconds, tokensPerSecond }: Made): string {
  const rate = tokensPerSecond === undefined ? "" : `, ${tokensPerSecond.toFixed(1)} tokens/s after it`;
  return `prompt of ${promptTokens} tokens, ${tokens.length} new: the first after ${firstTokenSeconds.toFixed(2)} s${rate}`;
}
