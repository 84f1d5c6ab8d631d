import { check } from "@relpos/core";
import type { Answer, ByteSource, Dataset, Place, QuestionRecord, ReadOptions } from "./dataset.js";
import { DataError } from "./errors.js";
import { excerpt } from "./labeled-lines.js";
import { type Found, recordDataset } from "./records.js";
import { readWholeText } from "./whole-text.js";

interface SquadFile {
  readonly data: readonly {
    readonly title?: string;
    readonly paragraphs: readonly { readonly context: string; readonly qas: readonly SquadQuestion[] }[];
  }[];
}

interface SquadQuestion {
  readonly id: string | number;
  readonly question: string;
  readonly is_impossible?: boolean;
  readonly answers: readonly { readonly text: string; readonly answer_start: number }[];
}

const operation = "readSquad";

/**
 * Questions, contexts and answers in the JSON of SQuAD 1.1 and 2.0 (Rajpurkar et al. 2016, 2018), also XQuAD and CMRC 2018.
 *
 * The format is one JSON value, so the file is read as a whole. An answer must stand in the context where it says, counted in
 * characters as Python counts; with `onError: "skip"`, wrong answers are left out, and questions that had no other.
 */
export function readSquad(source: ByteSource, options: ReadOptions = {}): Dataset<QuestionRecord> {
  const pass = async function* (signal?: AbortSignal): AsyncGenerator<Found<QuestionRecord>> {
    const { text } = await readWholeText(source, { ...(signal && { signal }) });
    if (text.trim().length === 0) return;
    const lineOf = lineFinder(text);
    for (const { title = "", paragraphs } of parseFile(text, source.name).data) {
      for (const { context, qas } of paragraphs) {
        const unitOf = unitsOfCharacters(context);
        for (const question of qas) {
          const place = { file: source.name, line: lineOf(JSON.stringify(question.id)) };
          yield* questionOf(question, { title, context, place, unitOf });
        }
      }
    }
  };
  return recordDataset(operation, source.name, pass, options);
}

function* questionOf(
  { id, question, is_impossible, answers }: SquadQuestion,
  { title, context, place, unitOf }: { title: string; context: string; place: Place; unitOf(index: number): number },
): Generator<Found<QuestionRecord>> {
  const right: Answer[] = [];
  const wanted = is_impossible ? [] : answers;
  for (const { text, answer_start } of wanted) {
    const start = unitOf(answer_start);
    if (text.length > 0 && context.startsWith(text, start)) right.push({ text, start });
    else {
      const found = excerpt(context.slice(start, start + Math.max(1, text.length)));
      const rule = `answer ${JSON.stringify(excerpt(text))} of ${id} must begin at ${answer_start}, got ${JSON.stringify(found)}`;
      yield new DataError(operation, place, rule);
    }
  }
  if (right.length > 0 || wanted.length === 0) {
    yield { ...place, id: String(id), title, context, question, answers: right };
  }
}

function parseFile(text: string, file: string): SquadFile {
  let value: SquadFile | undefined;
  try {
    value = JSON.parse(text) as SquadFile;
  } catch (error) {
    throw new DataError(operation, { file, line: 1 }, `must be JSON: ${(error as Error).message}`, { cause: error });
  }
  const isSquad = Array.isArray(value?.data) && value.data.every(({ paragraphs }) => Array.isArray(paragraphs));
  check(isSquad, operation, () => `${file} must have "data" with "paragraphs", as SQuAD has them`);
  return value as SquadFile;
}

/** Finds lines of texts that are asked for in the order in which they stand. */
function lineFinder(text: string): (needle: string) => number {
  let position = 0;
  let line = 1;
  return (needle) => {
    const found = text.indexOf(needle, position);
    if (found < 0) return line;
    for (let feed = text.indexOf("\n", position); feed >= 0 && feed < found; feed = text.indexOf("\n", feed + 1))
      line++;
    position = found;
    return line;
  };
}

/** Positions in characters (code points) as positions in UTF-16 units. */
function unitsOfCharacters(text: string): (index: number) => number {
  if (!/[\ud800-\udfff]/.test(text)) return (index) => index;
  const units: number[] = [];
  let unit = 0;
  for (const character of text) {
    units.push(unit);
    unit += character.length;
  }
  return (index) => units[index] ?? text.length;
}
