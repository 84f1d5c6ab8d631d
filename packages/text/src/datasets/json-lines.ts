import type { ByteSource, ChatMessage, ChatRecord, Dataset, LabeledRecord, Place, TextRecord } from "./dataset.js";
import { DataError } from "./errors.js";
import { excerpt } from "./labeled-lines.js";
import { type LineOptions, lineDataset } from "./text.js";

/** A line of JSON as it is. */
export interface JsonRecord extends Place {
  readonly value: Readonly<Record<string, unknown>>;
}

/** Which fields a line of JSON has. */
export interface JsonFields extends LineOptions {
  /** The field with the text. Default is `text`. */
  readonly text?: string;
  /** The field with a label or a list of labels. Default is `label`. */
  readonly label?: string;
}

/** Objects, one a line. */
export function readJsonLines(source: ByteSource, options: LineOptions = {}): Dataset<JsonRecord> {
  return jsonDataset("readJsonLines", source, options, (value, place) => ({ ...place, value }));
}

/** Texts, one object a line. */
export function readJsonTexts(source: ByteSource, options: JsonFields = {}): Dataset<TextRecord> {
  const operation = "readJsonTexts";
  return jsonDataset(operation, source, options, (value, place) => ({
    ...place,
    text: stringIn(operation, value, options.text ?? "text", place),
  }));
}

/** Texts with labels, one object a line. */
export function readLabeledJson(source: ByteSource, options: JsonFields = {}): Dataset<LabeledRecord> {
  const operation = "readLabeledJson";
  const field = options.label ?? "label";
  return jsonDataset(operation, source, options, (value, place) => {
    const found = value[field];
    const labels = (Array.isArray(found) ? found : [found]).map((label) =>
      typeof label === "number" || typeof label === "boolean" ? String(label) : label,
    );
    if (!labels.every((label): label is string => typeof label === "string" && label.length > 0)) {
      throw wrongField(operation, value, field, "a label or a list of labels", place);
    }
    return { ...place, text: stringIn(operation, value, options.text ?? "text", place), labels };
  });
}

/**
 * Conversations, one object a line: `{"messages": [{"role": "user", "content": "…"}, …]}`, a list of such messages, or
 * `{"conversations": [{"from": "human", "value": "…"}, …]}`.
 */
export function readChats(source: ByteSource, options: LineOptions = {}): Dataset<ChatRecord> {
  const operation = "readChats";
  return jsonDataset(
    operation,
    source,
    options,
    (value, place) => {
      const list = Array.isArray(value) ? value : (value.messages ?? value.conversations);
      const messages = Array.isArray(list) ? list.map(chatMessage) : [];
      if (messages.length > 0 && messages.every((message) => message !== undefined)) return { ...place, messages };
      throw wrongField(operation, value, "messages", "a list of messages with role and content", place);
    },
    Array.isArray,
  );
}

/** Names of roles elsewhere, by those of chat templates. */
const roles: Readonly<Record<string, string>> = { human: "user", gpt: "assistant", bot: "assistant" };

function chatMessage(value: unknown): ChatMessage | undefined {
  if (!isObject(value)) return undefined;
  const role = value.role ?? value.from;
  const content = value.content ?? value.value;
  if (typeof role !== "string" || typeof content !== "string") return undefined;
  return { role: roles[role] ?? role, content };
}

function jsonDataset<Entry extends Place>(
  operation: string,
  source: ByteSource,
  options: LineOptions,
  make: (value: Readonly<Record<string, unknown>>, place: Place) => Entry,
  also: (value: unknown) => boolean = () => false,
): Dataset<Entry> {
  return lineDataset(operation, source, options, (text, place) => {
    try {
      const value: unknown = JSON.parse(text);
      if (isObject(value) || also(value)) return make(value as Readonly<Record<string, unknown>>, place);
    } catch (error) {
      if (error instanceof DataError) return error;
    }
    return new DataError(operation, place, `a line must be a JSON object, got ${excerpt(text)}`);
  });
}

function stringIn(operation: string, value: Readonly<Record<string, unknown>>, field: string, place: Place): string {
  const found = value[field];
  if (typeof found === "string") return found;
  throw wrongField(operation, value, field, "a text", place);
}

function wrongField(operation: string, value: object, field: string, wanted: string, place: Place): DataError {
  const got = JSON.stringify((value as Record<string, unknown>)[field]);
  const rule =
    got === undefined
      ? `must have a field "${field}", got ${Object.keys(value).join(", ")}`
      : `"${field}" must be ${wanted}, got ${excerpt(got)}`;
  return new DataError(operation, place, rule);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
