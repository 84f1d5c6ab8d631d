import type { Model } from "@relpos/checkpoints";
import { check, type HostTensor, RelposError } from "@relpos/core";
import { type ChatMessage, type ChatTemplate, plainChat } from "../text/chat-template.js";
import type { TextTokenizer } from "../text/text-tokenizer.js";
import type { LanguageModel } from "./language-model.js";
import { createSampler, type Sampler, type SamplingOptions } from "./sampling.js";
import { Session } from "./session.js";
import { createStopWatch } from "./stop.js";
import { createTextStream } from "./text-stream.js";

export interface GenerateOptions extends SamplingOptions {
  /** Default 256, or as far as the context reaches. */
  readonly maxNewTokens?: number;
  /**
   * Whether tokens are drawn. Default: where a temperature, topK, topP or minP is given, else as the model's defaults say;
   * where they do not, the likeliest is taken.
   */
  readonly doSample?: boolean;
  /** Texts at which generation stops; they are not part of the result. */
  readonly stop?: string | readonly string[];
  /** Whether the tokenizer adds its special tokens to the prompt. Default `true`; not to conversations, whose template has them. */
  readonly addSpecialTokens?: boolean;
  readonly signal?: AbortSignal;
}

/** Why a text ended: an end token or a stop, or no more tokens were allowed. */
export type FinishReason = "stop" | "length";

export interface Generated {
  /** The text after the prompt. */
  readonly text: string;
  /** Its tokens, without an end token. */
  readonly tokens: readonly number[];
  readonly finishReason: FinishReason;
}

export interface TextGeneratorOptions {
  /** Tokens that end a text. Default: none. */
  readonly endTokens?: readonly number[] | undefined;
  /** Most tokens that the model can see. Default: no limit. */
  readonly contextLength?: number | undefined;
  /** Whether a text that has filled the context goes on from its last half. Default `false`: it ends there. */
  readonly slides?: boolean | undefined;
  /** What calls leave out. */
  readonly defaults?: GenerateOptions | undefined;
  /** How a conversation is written. Default: what was said, line by line. */
  readonly chatTemplate?: ChatTemplate | undefined;
}

/** Raised for a prompt that leaves no room for a token after it. */
export class ContextLengthError extends RelposError {
  override readonly name = "ContextLengthError";

  constructor(contextLength: number, length: number) {
    super("generate", `the prompt must be shorter than the context of ${contextLength} tokens, got ${length}`);
  }
}

/** A text to go on from, or a conversation to answer. */
export type Prompt = string | readonly ChatMessage[];

/** Number of tokens that a model has embeddings of. */
export function vocabularySize({ parameters }: Model): number {
  return parameters["embedding.weight"]?.shape[0] ?? Number.POSITIVE_INFINITY;
}

/** Writes on from prompts, with a decoder and its tokenizer. */
export class TextGenerator {
  readonly model: LanguageModel;
  readonly tokenizer: TextTokenizer;
  readonly #options: TextGeneratorOptions;
  readonly #vocabulary: number;

  constructor(model: LanguageModel, tokenizer: TextTokenizer, options: TextGeneratorOptions = {}) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.#options = options;
    this.#vocabulary = vocabularySize(model.model);
  }

  /** Most tokens that the model can see; infinite where nothing says. */
  get contextLength(): number {
    return this.#options.contextLength ?? Number.POSITIVE_INFINITY;
  }

  /** Whether conversations are written as the model was trained on them. */
  get hasChatTemplate(): boolean {
    return this.#options.chatTemplate !== undefined;
  }

  /**
   * The text that follows a prompt, piece by piece as it is made; leaving the loop stops it. Give a session to go on
   * after an earlier text: what it holds of the prompt already is not computed again.
   */
  async *stream(prompt: Prompt, options: GenerateOptions = {}, session?: Session): AsyncGenerator<string, Generated> {
    const settings = this.#settings(options);
    const tokens = this.encode(prompt, settings);
    const text = createTextStream(this.tokenizer, tokens);
    const watch = createStopWatch(stopsOf(settings));
    const own = session ?? new Session(this.model);
    const made: number[] = [];
    let said = "";
    let finishReason: FinishReason = "length";
    try {
      for await (const token of this.#tokens(own, tokens, settings)) {
        if (this.#options.endTokens?.includes(token)) {
          finishReason = "stop";
          break;
        }
        made.push(token);
        const piece = watch.push(text.push(token));
        said += piece.text;
        if (piece.text) yield piece.text;
        if (piece.stopped) {
          finishReason = "stop";
          return { text: said, tokens: made, finishReason };
        }
      }
      const rest = watch.push(text.end()).text + watch.end();
      if (rest) yield rest;
      return { text: said + rest, tokens: made, finishReason };
    } finally {
      if (!session) own.dispose();
    }
  }

  /** The text that follows a prompt. */
  async generate(prompt: Prompt, options: GenerateOptions = {}, session?: Session): Promise<Generated> {
    const pieces = this.stream(prompt, options, session);
    for (;;) {
      const next = await pieces.next();
      if (next.done) return next.value;
    }
  }

  /** The texts that follow prompts of any lengths, made side by side where the model's cache allows it. */
  async generateAll(prompts: readonly Prompt[], options: GenerateOptions = {}): Promise<readonly Generated[]> {
    if (!this.model.hasRoom || this.#options.slides || prompts.length < 2) {
      const texts: Generated[] = [];
      for (const prompt of prompts) texts.push(await this.generate(prompt, options));
      return texts;
    }
    const settings = this.#settings(options);
    const rows = prompts.map((prompt) => this.encode(prompt, settings));
    const most = Math.min(...rows.map((row) => this.#most(row.length, settings)));
    const session = new Session(this.model, { batch: rows.length });
    const { choice } = samplerOf(settings);
    const writers = rows.map((row, index) => this.#writer(row, settings, index));
    try {
      let next: readonly (readonly number[])[] = rows;
      for (let count = 0; count < most && writers.some((writer) => !writer.finished); count++) {
        const chosen = await session.append(next, { choice, signal: settings.signal });
        next = writers.map((writer, row) => [writer.take(chosen, session.rows[row] as readonly number[], row)]);
      }
      return writers.map((writer) => writer.result());
    } finally {
      session.dispose();
    }
  }

  /** A prompt's tokens. Errors when there are none, more than the model can see, or one that it has no embedding of. */
  encode(prompt: Prompt, { addSpecialTokens }: GenerateOptions = {}): readonly number[] {
    const tokens = this.#tokensOf(prompt, addSpecialTokens);
    check(tokens.length > 0, "generate", () => "the prompt must have a token, got none");
    if (tokens.length >= this.contextLength) throw new ContextLengthError(this.contextLength, tokens.length);
    const foreign = tokens.find((token) => token >= this.#vocabulary);
    check(foreign === undefined, "generate", () => {
      return `the tokenizer's tokens must be among the model's ${this.#vocabulary}, got ${JSON.stringify(this.tokenizer.vocabulary.tokenOf(foreign as number))} as token ${foreign}`;
    });
    return tokens;
  }

  #tokensOf(prompt: Prompt, addSpecialTokens: boolean | undefined): readonly number[] {
    const { chatTemplate } = this.#options;
    const text = typeof prompt === "string" ? prompt : (chatTemplate ?? plainChat)(prompt);
    const added = addSpecialTokens ?? (typeof prompt === "string" || !chatTemplate);
    return [...this.tokenizer.encode(text, { addSpecialTokens: added }).ids];
  }

  /** A call's options over the defaults: one that asks for draws does so whatever the defaults are. */
  #settings(options: GenerateOptions): GenerateOptions {
    const { defaults = {} } = this.#options;
    return { ...defaults, ...options, doSample: draws(options) ?? draws(defaults) ?? false };
  }

  /** Frees the model. A second call does nothing. */
  dispose(): Promise<void> {
    return this.model.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** Tokens one after another, without end. */
  async *#tokens(session: Session, prompt: readonly number[], settings: GenerateOptions): AsyncGenerator<number> {
    const sampler = samplerOf(settings);
    const most = this.#most(prompt.length, settings);
    const known = session.rows[0] as readonly number[];
    const shared = commonLength(known, prompt.slice(0, -1));
    session.truncate([shared]);
    let next = prompt.slice(shared);
    for (let count = 0; count < most; count++) {
      settings.signal?.throwIfAborted();
      const tokens = [...(session.rows[0] as readonly number[]), ...next];
      if (tokens.length > this.contextLength) {
        next = tokens.slice(-Math.ceil(this.contextLength / 2));
        session.truncate([0]);
      }
      const chosen = await session.append([next], { choice: sampler.choice, signal: settings.signal });
      const token = sampler.take(chosen, session.rows[0] as readonly number[]);
      yield token;
      next = [token];
    }
  }

  #most(promptLength: number, { maxNewTokens = 256 }: GenerateOptions): number {
    check(Number.isInteger(maxNewTokens) && maxNewTokens > 0, "generate", () => {
      return `maxNewTokens must be whole and positive, got ${maxNewTokens}`;
    });
    return this.#options.slides ? maxNewTokens : Math.min(maxNewTokens, this.contextLength - promptLength);
  }

  /** Collects one row of a batch. */
  #writer(prompt: readonly number[], settings: GenerateOptions, row: number) {
    const sampler = samplerOf(settings, row);
    const text = createTextStream(this.tokenizer, prompt);
    const watch = createStopWatch(stopsOf(settings));
    const made: number[] = [];
    let said = "";
    let finished = false;
    return {
      get finished() {
        return finished;
      },
      /** The row's next token; the same again once it is finished. */
      take: (chosen: HostTensor, tokens: readonly number[], index: number): number => {
        const token = sampler.take(chosen, tokens, index);
        if (finished) return token;
        finished = this.#options.endTokens?.includes(token) ?? false;
        if (finished) return token;
        made.push(token);
        const piece = watch.push(text.push(token));
        said += piece.text;
        finished = piece.stopped;
        return token;
      },
      result: (): Generated => {
        const rest = finished ? "" : watch.push(text.end()).text + watch.end();
        return { text: said + rest, tokens: made, finishReason: finished ? "stop" : "length" };
      },
    };
  }
}

/** Whether options ask for draws; `undefined` where they say nothing of it. */
function draws({ doSample, temperature, topK, topP, minP }: GenerateOptions): boolean | undefined {
  const asked = [temperature, topK, topP, minP].some((option) => option !== undefined);
  return doSample ?? (asked || undefined);
}

function samplerOf({ doSample = false, ...settings }: GenerateOptions, row = 0): Sampler {
  return createSampler(doSample ? settings : { ...settings, temperature: 0 }, row);
}

const stopsOf = ({ stop = [] }: GenerateOptions): readonly string[] =>
  (typeof stop === "string" ? [stop] : stop).filter((text) => text.length > 0);

function commonLength(a: readonly number[], b: readonly number[]): number {
  const end = Math.min(a.length, b.length);
  for (let index = 0; index < end; index++) if (a[index] !== b[index]) return index;
  return end;
}
