import type { Checkpoint, Task } from "@relpos/checkpoints";
import { type PipelineOptions, pipeline } from "@relpos/pipelines";
import type { Command } from "commander";
import type { CliContext } from "../context.js";
import { CliError } from "../errors.js";
import { withData } from "../input-source.js";
import { checkpointFlags, type ModelFlags } from "../models/model-flags.js";
import { onBackend, openModel } from "../models/open-model.js";
import { addFlags, backendFlags, type Flag } from "./flags.js";
import { wholeNumber } from "./parsers.js";

interface UseFlags extends ModelFlags {
  readonly json?: true;
  readonly context?: string;
  readonly beams?: number;
  readonly prefix?: string;
}

/** A way to use a trained model on texts of the command line. */
interface Use {
  readonly name: string;
  readonly description: string;
  readonly argument: string;
  readonly flags: readonly Flag[];
  readonly example: string;
  /** The head that the model must have. */
  readonly head: Task;
  /** Results as JSON, and as lines. */
  run(
    checkpoint: Checkpoint,
    texts: readonly string[],
    flags: UseFlags,
    options: PipelineOptions,
  ): Promise<{ readonly value: unknown; readonly lines: readonly string[] }>;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const uses: readonly Use[] = [
  {
    name: "classify",
    description: "tell the class of texts with a model of any family, or of `relpos train`",
    argument: "<texts...>",
    flags: [],
    example: '$ relpos classify --model models/mood "a gorgeous, witty film"',
    head: "sequence-classification",
    async run(checkpoint, texts, _, options) {
      await using classify = await pipeline("text-classification", checkpoint, options);
      const value = await classify(texts, { topK: 0 });
      return { value, lines: value.map(([best]) => `${best!.label}  ${percent(best!.score)}`) };
    },
  },
  {
    name: "answer",
    description: "find the answer to questions in a text with a model of any family, or of `relpos train`",
    argument: "<questions...>",
    flags: [{ flags: "--context <text>", description: "the text in which the answers stand" }],
    example: '$ relpos answer --model models/qa --context "The cat is red." "Which colour is the cat?"',
    head: "question-answering",
    async run(checkpoint, questions, { context }, options) {
      if (context === undefined) throw new CliError("--context is missing", "give the text in which the answers stand");
      await using answer = await pipeline("question-answering", checkpoint, options);
      const asked = questions.map((question) => ({ question, context }));
      const value = await answer(asked, { handleImpossibleAnswer: true });
      return { value, lines: value.map((found) => found.answer || "(no answer)") };
    },
  },
  {
    name: "translate",
    description: "translate sentences with a model of any family, or of `relpos train`",
    argument: "<sentences...>",
    flags: [
      {
        flags: "--beams <number>",
        description: "hypotheses that are kept (default: 4)",
        parse: wholeNumber("--beams", 1),
      },
      {
        flags: "--prefix <text>",
        description: "put before each text, for models that are told their task, such as T5",
      },
    ],
    example: '$ relpos translate --model models/en-de "a dog runs"',
    head: "seq2seq-lm",
    async run(checkpoint, sentences, { beams = 4, prefix = "" }, options) {
      await using translate = await pipeline("translation", checkpoint, options);
      const value = await translate(sentences, { numBeams: beams, prefix });
      return { value, lines: value.map(({ translationText }) => translationText) };
    },
  },
];

/** `relpos classify`, `answer` and `translate`: a checkpoint, or a folder that `relpos train` wrote, on texts as they are given. */
export function addUseCommands(program: Command, context: CliContext): void {
  for (const use of uses) {
    const groups = {
      "What is used:": [...checkpointFlags, ...use.flags],
      "Where it runs:": [...backendFlags, { flags: "--json", description: "print everything as JSON" }],
    };
    addFlags(program.command(use.name).argument(use.argument), groups)
      .description(use.description)
      .addHelpText("after", `\nExample:\n  ${use.example}`)
      .action((texts: readonly string[], flags: UseFlags) => runUse(use, texts, flags, context));
  }
}

async function runUse(use: Use, texts: readonly string[], flags: UseFlags, context: CliContext): Promise<void> {
  const { console } = context;
  const request = { ...flags, model: flags.model ?? "relpos-model" };
  await onBackend(request, context, async ({ backend, signal }) => {
    const checkpoint = await openModel(request, { signal, task: use.head });
    try {
      const { value, lines } = await withData(
        () => use.run(checkpoint, texts, flags, { backend, signal }),
        "choose a model with this head and a tokenizer.json",
      );
      console.out(flags.json ? `${JSON.stringify(value)}\n` : lines.map((line) => `${line}\n`).join(""));
    } finally {
      await checkpoint.close();
    }
  });
}
