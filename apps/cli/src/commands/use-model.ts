import { loadModel, type OpenedModel, openModel } from "@relpos/lab/language";
import type { Command } from "commander";
import { type BackendRequest, chooseBackend, startBackend } from "../backends/load.js";
import type { CliContext } from "../cli.js";
import { CliError } from "../errors.js";
import { folderStore } from "../folder-store.js";
import { addFlags, backendFlags, type Flag } from "./flags.js";
import { wholeNumber } from "./parsers.js";

interface UseFlags extends BackendRequest {
  readonly model: string;
  readonly json?: true;
  readonly context?: string;
  readonly beams?: number;
}

/** A way to use a trained model on texts of the command line. */
interface Use {
  readonly name: string;
  readonly description: string;
  readonly argument: string;
  readonly flags: readonly Flag[];
  readonly example: string;
  /** Results as JSON, and as lines. */
  run(
    model: OpenedModel,
    texts: readonly string[],
    flags: UseFlags,
  ): Promise<{ readonly value: unknown; readonly lines: readonly string[] }>;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const uses: readonly Use[] = [
  {
    name: "classify",
    description: "tell the class of texts with a trained model",
    argument: "<texts...>",
    flags: [],
    example: '$ relpos classify --model models/mood "a gorgeous, witty film"',
    async run(model, texts) {
      const value = await model.classify(texts);
      return { value, lines: value.map(([best]) => `${best!.label}  ${percent(best!.probability)}`) };
    },
  },
  {
    name: "answer",
    description: "find the answer to questions in a text with a trained model",
    argument: "<questions...>",
    flags: [{ flags: "--context <text>", description: "the text in which the answers stand" }],
    example: '$ relpos answer --model models/qa --context "The cat is red." "Which colour is the cat?"',
    async run(model, questions, { context }) {
      if (context === undefined) throw new CliError("--context is missing", "give the text in which the answers stand");
      const value = await model.answer(questions.map((question) => ({ question, context })));
      return { value, lines: value.map(({ text }) => text || "(no answer)") };
    },
  },
  {
    name: "translate",
    description: "translate sentences with a trained model",
    argument: "<sentences...>",
    flags: [
      {
        flags: "--beams <number>",
        description: "hypotheses that are kept (default: 4)",
        parse: wholeNumber("--beams", 1),
      },
    ],
    example: '$ relpos translate --model models/en-de "a dog runs"',
    async run(model, sentences, { beams = 4 }) {
      const value = await model.translate(sentences, { beams });
      return { value, lines: value };
    },
  },
];

/** `relpos classify`, `answer` and `translate`: a folder that `relpos train` wrote, on texts as they are given. */
export function addUseCommands(program: Command, context: CliContext): void {
  for (const use of uses) {
    const groups = {
      "What is used:": [
        { flags: "-m, --model <folder>", description: "a model that `relpos train` wrote", default: "relpos-model" },
        ...use.flags,
      ],
      "Where it runs:": [...backendFlags, { flags: "--json", description: "print everything as JSON" }],
    };
    addFlags(program.command(use.name).argument(use.argument), groups)
      .description(use.description)
      .addHelpText("after", `\nExample:\n  ${use.example}`)
      .action((texts: readonly string[], flags: UseFlags) => runUse(use, texts, flags, context));
  }
}

async function runUse(use: Use, texts: readonly string[], flags: UseFlags, { console }: CliContext): Promise<void> {
  const chosen = await chooseBackend(flags);
  const saved = await loadModel(folderStore(flags.model));
  const backend = await startBackend(chosen);
  try {
    const model = await openModel(backend, saved);
    try {
      const { value, lines } = await use.run(model, texts, flags);
      console.out(flags.json ? `${JSON.stringify(value)}\n` : lines.map((line) => `${line}\n`).join(""));
    } finally {
      await model.close();
    }
  } finally {
    await backend.close();
  }
}
