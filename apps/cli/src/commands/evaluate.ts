import { openCheckpoint } from "@relpos/checkpoints";
import {
  examineWeights,
  type LanguageTask,
  type LanguageTaskName,
  languageTasks,
  type SavedModel,
  savedModelOf,
  scoreTable,
  type TaskOptions,
} from "@relpos/lab/language";
import type { Command } from "commander";
import { type BackendRequest, chooseBackend } from "../backends/load.js";
import type { CliContext } from "../context.js";
import { CliError } from "../errors.js";
import { withData } from "../input-source.js";
import { onChosenBackend } from "../models/open-model.js";
import { withKnownLabels } from "../records/known-labels.js";
import { describeLeftOut } from "../records/left-out.js";
import type { ReadFlags } from "../records/read-flags.js";
import { readRecords } from "../records/read-records.js";
import { addFlags, backendFlags, type Flag } from "./flags.js";
import { languageTasksHelp, taskArgument } from "./train.js";
import { readFlags } from "./train-options.js";

interface EvaluateFlags extends BackendRequest, ReadFlags, TaskOptions {
  readonly model: string;
  readonly data: string;
  readonly json?: true;
}

const flags: Readonly<Record<string, readonly Flag[]>> = {
  "What is measured:": [
    {
      flags: "-m, --model <folder>",
      description: "a model that `relpos train` wrote, or a checkpoint",
      default: "relpos-model",
    },
    { flags: "-d, --data <file>", description: "data to measure on, in the form of --data of `relpos train`" },
    ...readFlags,
  ],
  "Where it runs:": [...backendFlags, { flags: "--json", description: "print the scores and predictions as JSON" }],
};

const examples = `
Examples:
  $ relpos evaluate classify --model models/topics --data test.tsv
  $ relpos evaluate translate --model models/en-de --data test.en.gz,test.de.gz --beams 1`;

/** `relpos evaluate TASK`: the measures of a trained model on data. */
export function addEvaluateCommand(program: Command, context: CliContext): void {
  addFlags(program.command("evaluate").addArgument(taskArgument()), flags)
    .description("measure a trained model on data")
    .addHelpText("after", `${languageTasksHelp()}${examples}`)
    .action((task: LanguageTaskName, given: EvaluateFlags) => runEvaluate(task, given, context));
}

async function runEvaluate(name: LanguageTaskName, given: EvaluateFlags, context: CliContext): Promise<void> {
  const { console } = context;
  if (given.data === undefined) throw new CliError("--data is missing", "name a file to measure on");
  const chosen = await chooseBackend(given);
  const { model, weights, ...written } = await openTrained(given.model, name);
  if (model.settings.task !== name) {
    throw new CliError(
      `--model ${given.model} is a model of ${model.settings.task}`,
      `use relpos evaluate ${model.settings.task}`,
    );
  }
  const read = await readRecords(name, "--data", given.data, given);
  console.error(describeLeftOut("--data", given.data, read));
  const known = given.onError === "skip" && name === "classify" ? new Set(model.settings.labels) : undefined;
  const { records, ...unseen } = known ? withKnownLabels(read.records, known) : { ...read, problems: [] };
  console.error(describeLeftOut("--data", given.data, unseen));
  await onChosenBackend(chosen, context, async ({ backend, signal }) => {
    const task = languageTasks[name] as unknown as LanguageTask<readonly object[]>;
    const { language = "en", beams = 4, answers, answerLength } = given;
    const examiner = task.examiner(backend, {
      model,
      ...written,
      records,
      options: { language, beams, ...(answers && { answers }), ...(answerLength && { answerLength }) },
    });
    try {
      const score = await examineWeights(backend, examiner, weights, { signal });
      console.out(given.json ? `${JSON.stringify(score)}\n` : `${scoreTable(score)}\n`);
    } finally {
      await examiner.close();
    }
  });
}

/** A checkpoint as a model of a task, or of the one that it was trained for. */
function openTrained(folder: string, task: LanguageTaskName): Promise<SavedModel> {
  return withData(async () => {
    const checkpoint = await openCheckpoint(folder);
    try {
      return await savedModelOf(checkpoint, task);
    } finally {
      await checkpoint.close();
    }
  }, "name a folder of `relpos train`, or a checkpoint with a head for the task and a tokenizer.json");
}
