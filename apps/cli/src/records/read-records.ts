import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { RelposError } from "@relpos/core";
import { ruleOf } from "@relpos/lab";
import type { LanguageTaskName } from "@relpos/lab/language";
import {
  DataError,
  type Dataset,
  joinDatasets,
  type LineOptions,
  type Place,
  readChats,
  readConversations,
  readLabeledJson,
  readLabeledLines,
  readLabeledTable,
  readParallel,
  readSquad,
  readText,
} from "@relpos/text";
import { fileSource } from "@relpos/text/node";
import { CliError, exitCodes } from "../errors.js";
import { cannotRead, isFileError } from "../file-errors.js";
import type { LeftOut } from "./left-out.js";
import type { LabelFormat, ReadFlags } from "./read-flags.js";
import { readTexts } from "./read-texts.js";

/** Records of one option, and what was left out. */
export interface ReadRecords extends LeftOut {
  readonly records: readonly object[];
}

/** Reads the records of a task. Errors name file, line and rule. */
export async function readRecords(
  task: LanguageTaskName,
  flag: string,
  path: string,
  flags: ReadFlags,
): Promise<ReadRecords> {
  if (task === "lm") return checked(flag, path, await reading(flag, path, () => readTexts(path, flags)));
  const { textEncoding: encoding, onError } = flags;
  const options: LineOptions = { ...(encoding && { encoding }), ...(onError && { onError }) };
  const records: object[] = [];
  const { skipped, problems } = await reading(flag, path, async () => {
    const dataset = datasets[task](flag, path, options, flags);
    for await (const record of dataset) if (records.push(record) === flags.limit) break;
    return dataset.report();
  });
  return checked(flag, path, { records, skipped, problems });
}

/** Runs what reads a file; what is wrong with it becomes one line with a remedy. */
export async function reading<T>(flag: string, path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw readable(flag, path, error);
  }
}

type Reader = (flag: string, path: string, options: LineOptions, flags: ReadFlags) => Dataset<Place>;

const datasets: Readonly<Record<Exclude<LanguageTaskName, "lm">, Reader>> = {
  mlm: (_, path, options) => readText(fileSource(path), options),
  qa: (_, path, options) => readSquad(fileSource(path), options),
  dialogue(_, path, options) {
    const names = filesOf(path);
    return joinDatasets(
      path,
      names.map((name) =>
        /\.ya?ml$/.test(name) ? readConversations(fileSource(name), options) : readChats(fileSource(name), options),
      ),
    );
  },
  classify: (_, path, options, flags) => labelled[flags.format ?? formatOf(path)](path, options, flags),
  translate(flag, path, options) {
    const [source, target, ...more] = path.split(",");
    if (source && target && more.length === 0) return readParallel(fileSource(source), fileSource(target), options);
    throw new CliError(
      `${flag} takes two files with a comma between them, got "${path}"`,
      `for example ${flag} train.en,train.de`,
    );
  },
};

/** The conversations of a folder, by name; or the file itself. */
function filesOf(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => /\.(ya?ml|jsonl)$/.test(name));
  return names.sort().map((name) => join(path, name));
}

const labelled: Readonly<
  Record<LabelFormat, (path: string, options: LineOptions, flags: ReadFlags) => Dataset<Place>>
> = {
  "label-first": (path, options) => readLabeledLines(fileSource(path), options),
  "label-last": (path, options) => readLabeledLines(fileSource(path), { ...options, label: "last", separator: "\t" }),
  table: (path, options, { textColumn: text = "text", labelColumn: label = "label" }) =>
    readLabeledTable(fileSource(path), { ...options, text, label }),
  json: (path, options, { textColumn: text = "text", labelColumn: label = "label" }) =>
    readLabeledJson(fileSource(path), { ...options, text, label }),
};

/** The format that a file's name tells: .jsonl, .csv and .tsv; else the label comes last, behind a tabulator. */
function formatOf(path: string): LabelFormat {
  const [, extension = ""] = /\.(\w+?)(?:\.gz)?$/.exec(path) ?? [];
  if (/^jsonl?$/.test(extension)) return "json";
  return /^[ct]sv$/.test(extension) ? "table" : "label-last";
}

function checked(flag: string, path: string, read: ReadRecords): ReadRecords {
  if (read.records.length > 0) return read;
  throw new CliError(`${flag} ${path} has no records`, "choose a file with data, and check its --format");
}

function readable(flag: string, path: string, cause: unknown): unknown {
  if (isFileError(cause)) return cannotRead(`${flag} ${path}`, cause, "name a file with data");
  if (!(cause instanceof RelposError)) return cause;
  const remedy =
    cause instanceof DataError
      ? "mend it, or leave such records out with --on-error skip"
      : "choose a file with data, and check its --format";
  return new CliError(`${flag}: ${ruleOf(cause)}`, remedy, exitCodes.usage, { cause });
}
