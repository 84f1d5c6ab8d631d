import { readFile } from "node:fs/promises";
import { createReferenceBackend } from "@relpos/backend-reference";
import { bytesSource } from "@relpos/checkpoints";
import { openTextGenerator, type TextGenerator } from "@relpos/pipelines";
import { charactersTokenizer, vocabularyOf } from "@relpos/text";
import OpenAI from "openai";
import { afterAll, beforeAll } from "vitest";
import { type RequestRecord, type Server, type ServerOptions, startServer } from "../src/index.js";

/** A Llama of 256 tokens with random weights. */
const fixture = new URL("../../checkpoints/test/fixtures/llama_rope_bf16/", import.meta.url);

/** Its tokens: a newline, ASCII from the space on, and other characters. */
const tokenizer = charactersTokenizer(
  vocabularyOf(["\n", ...Array.from({ length: 255 }, (_, index) => String.fromCharCode(0x20 + index))]),
);

const template = "{% for message in messages %}<{{ message.role }}>{{ message.content }}{% endfor %}<assistant>";

/** A generator on the reference backend, for the tests of a file. */
export function usingGenerator(): () => TextGenerator {
  const backend = createReferenceBackend();
  let generator: TextGenerator;
  beforeAll(async () => {
    const names = ["config.json", "model.safetensors"] as const;
    const files = names.map(async (name) => [name, bytesSource(await readFile(new URL(name, fixture)), name)] as const);
    const own = { "tokenizer_config.json": { chat_template: template } };
    const texts = Object.entries(own).map(([name, value]) => {
      return [name, bytesSource(new TextEncoder().encode(JSON.stringify(value)), name)] as const;
    });
    generator = await openTextGenerator(new Map([...(await Promise.all(files)), ...texts]), { backend, tokenizer });
  });
  afterAll(async () => {
    await generator.dispose();
    await backend.close();
  });
  return () => generator;
}

/** A server while something is done with it, and what it logged. */
export async function serving<T>(
  generator: TextGenerator,
  options: Partial<ServerOptions>,
  act: (server: Server, log: readonly RequestRecord[]) => Promise<T>,
): Promise<T> {
  const log: RequestRecord[] = [];
  const server = await startServer({ generator, model: "tiny", onRequest: (record) => log.push(record), ...options });
  try {
    return await act(server, log);
  } finally {
    await server.close({ graceSeconds: 0 });
  }
}

/** OpenAI's own client of a server. */
export const clientOf = (server: Server, apiKey = "none"): OpenAI =>
  new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0 });

/** What a request without a client library gets. */
export async function request(
  server: Server,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: Readonly<Record<string, unknown>> }> {
  const response = await fetch(`${server.url}${path}`, {
    ...(body !== undefined && { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) }),
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
  });
  const { status } = response;
  return { status, headers: response.headers, body: (await response.json()) as Readonly<Record<string, unknown>> };
}

/** Holds every step that a generator's model takes, until the result is called. */
export function holdSteps({ model }: TextGenerator): () => void {
  const original = model.step;
  let letGo: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  model.step = async (kind) => {
    await gate;
    return original.call(model, kind);
  };
  return () => {
    model.step = original;
    letGo();
  };
}

/** Waits until a server answers so many requests, and so many wait. */
export async function untilLoad(server: Server, load: { readonly running: number; readonly waiting: number }) {
  const reached = async (): Promise<boolean> => {
    const { body } = await request(server, "/health");
    return body.running === load.running && body.waiting === load.waiting;
  };
  while (!(await reached())) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Waits until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}
