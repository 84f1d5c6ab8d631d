import { isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { ByteSource, ChatRecord, Dataset, ReadOptions } from "./dataset.js";
import { DataError } from "./errors.js";
import { excerpt } from "./labeled-lines.js";
import { type Found, recordDataset } from "./records.js";
import { readWholeText } from "./whole-text.js";

const operation = "readConversations";

/**
 * Conversations in YAML as the ChatterBot corpus has them: under `conversations`, lists of what is said, the user and the
 * assistant by turns.
 *
 * The format is one YAML value, so the file is read as a whole. A conversation without an answer is an error.
 */
export function readConversations(source: ByteSource, options: ReadOptions = {}): Dataset<ChatRecord> {
  const pass = async function* (signal?: AbortSignal): AsyncGenerator<Found<ChatRecord>> {
    const { text } = await readWholeText(source, { ...(signal && { signal }) });
    if (text.trim().length === 0) return;
    const counter = new LineCounter();
    const wrong = (at: number, rule: string): DataError =>
      new DataError(operation, { file: source.name, line: counter.linePos(at).line }, rule);
    // The failsafe schema leaves every scalar a text: an answer "42" or "yes" is what is said.
    const document = parseDocument(text, { lineCounter: counter, schema: "failsafe" });
    const [error] = document.errors;
    if (error) throw wrong(error.pos[0], `must be YAML: ${error.message.split("\n")[0]}`);
    const list = document.get("conversations");
    if (!isSeq(list)) throw wrong(0, 'must have a list "conversations", as the ChatterBot corpus has');
    for (const item of list.items as readonly Node[]) {
      const at = item.range?.[0] ?? 0;
      const said = isSeq(item)
        ? item.items.map((turn) => (isScalar(turn) ? String(turn.value).trim() : undefined))
        : [];
      const rule = `a conversation must be a list of at least two texts, got ${JSON.stringify(excerpt(String(item)))}`;
      if (said.length < 2 || !said.every((turn) => turn)) yield wrong(at, rule);
      else yield { file: source.name, line: counter.linePos(at).line, messages: (said as string[]).map(message) };
    }
  };
  return recordDataset(operation, source.name, pass, options);
}

const message = (content: string, turn: number) => ({ role: turn % 2 === 0 ? "user" : "assistant", content });
