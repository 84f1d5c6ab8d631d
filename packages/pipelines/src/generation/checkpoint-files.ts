import type { Folder } from "@relpos/checkpoints";
import { check, RelposError } from "@relpos/core";
import { type Tokenizer, type TokenizerConfig, type TokenizerJson, tokenizerFromJson } from "@relpos/text";
import { type ChatTemplate, jinjaChat } from "../text/chat-template.js";

interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** The tokenizer of a checkpoint's files. Errors when it has none. */
export async function readTokenizer(files: Folder, options: ReadOptions = {}): Promise<Tokenizer> {
  const json = await readJson(files, "tokenizer.json", options);
  check(json, "readTokenizer", () => {
    return `the checkpoint must have tokenizer.json, or a tokenizer be given; it has ${[...files.keys()].join(", ") || "no files"}`;
  });
  const config = await readJson(files, "tokenizer_config.json", options);
  return tokenizerFromJson(json as unknown as TokenizerJson, config as TokenizerConfig | undefined);
}

/** What a checkpoint says of generation; nothing where it has no such file. */
export async function readGenerationConfig(files: Folder, options: ReadOptions = {}): Promise<Fields> {
  return (await readJson(files, "generation_config.json", options)) ?? {};
}

/** The template of conversations: `chat_template.jinja`, or the one of `tokenizer_config.json`. */
export async function readChatTemplate(files: Folder, options: ReadOptions = {}): Promise<ChatTemplate | undefined> {
  const config = (await readJson(files, "tokenizer_config.json", options)) ?? {};
  const source = (await readText(files, "chat_template.jinja", options)) ?? templateOf(config.chat_template);
  return source === undefined ? undefined : jinjaChat(source, specialTokens(config));
}

/** The only template, or of several the one named default. */
function templateOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  const named = value as readonly { readonly name?: string; readonly template?: string }[];
  return named.find(({ name }) => name === "default")?.template;
}

/** Texts of the special tokens by their roles: `bos_token`, … */
function specialTokens(config: Fields): Fields {
  const entries = Object.entries(config).flatMap(([name, value]) => {
    const text = typeof value === "object" && value !== null && "content" in value ? value.content : value;
    return name.endsWith("_token") && typeof text === "string" ? [[name, text] as const] : [];
  });
  return Object.fromEntries(entries);
}

async function readText(files: Folder, name: string, options: ReadOptions): Promise<string | undefined> {
  const source = files.get(name);
  return source && new TextDecoder().decode(await source.read(0, await source.size(options), options));
}

async function readJson(files: Folder, name: string, options: ReadOptions): Promise<Fields | undefined> {
  const text = await readText(files, name, options);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RelposError("openTextGenerator", `${name} must be JSON: ${(error as Error).message}`, { cause: error });
  }
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  check(isObject, "openTextGenerator", () => `${name} must be a JSON object, got ${text.slice(0, 40)}`);
  return value as Fields;
}
