import type { ChatMessage, GenerateOptions, Prompt } from "@relpos/pipelines";
import { z } from "zod";
import { ApiError } from "./api-error.js";

/** What a request asks for. */
export interface Ask {
  readonly model: string;
  readonly prompts: readonly Prompt[];
  /** Answers to each prompt. */
  readonly choices: number;
  readonly stream: boolean;
  /** Whether a stream ends with its usage. */
  readonly includeUsage: boolean;
  readonly options: GenerateOptions;
}

const mostChoices = 16;
const mostPrompts = 64;
/** Of one request: prompts times choices. */
const mostAnswers = 64;

const only = (what: string): string => `only ${what} is supported`;

/** Settings of both kinds of request, by OpenAI's names. A setting that would change an answer and is unknown is an error. */
const shared = {
  model: z.string(),
  max_tokens: z.int().positive().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
  n: z.int().min(1).max(mostChoices).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
    .nullish(),
  // Beyond OpenAI's, by the names that other servers have for them.
  top_k: z.int().min(0).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  repetition_penalty: z.number().positive().nullish(),
  // What changes no answer.
  user: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  service_tier: z.string().nullish(),
  store: z.boolean().nullish(),
  // What has to be left as it is.
  frequency_penalty: z.literal(0, only("0")).nullish(),
  presence_penalty: z.literal(0, only("0")).nullish(),
  logit_bias: z.strictObject({}, only("none")).nullish(),
  logprobs: z.literal(false, only("false")).nullish(),
} as const;

const textPart = z.strictObject({ type: z.literal("text", only("text")), text: z.string() });

const message = z.strictObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool"]),
  content: z.union([z.string(), z.array(textPart)], "must be a text, or a list of parts of type text"),
  name: z.string().nullish(),
  refusal: z.null(only("null")).optional(),
  annotations: z.array(z.unknown()).max(0, only("none")).nullish(),
  tool_calls: z.array(z.unknown()).max(0, only("none")).nullish(),
});

const chatRequest = z.strictObject({
  ...shared,
  messages: z.array(message).min(1),
  max_completion_tokens: z.int().positive().nullish(),
  modalities: z.tuple([z.literal("text")], only('["text"]')).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z.strictObject({ type: z.literal("text", only("text")) }).nullish(),
  tools: z.array(z.unknown()).max(0, only("none")).nullish(),
  tool_choice: z.literal(["none", "auto"], only("none")).nullish(),
  top_logprobs: z.literal(0, only("0")).nullish(),
});

const completionRequest = z.strictObject({
  ...shared,
  prompt: z.union(
    [z.string(), z.array(z.string()).min(1).max(mostPrompts)],
    `must be a text, or up to ${mostPrompts} texts; tokens are not supported`,
  ),
  best_of: z.literal(1, only("1")).nullish(),
  echo: z.literal(false, only("false")).nullish(),
  suffix: z.literal("", only("none")).nullish(),
});

/** A request of `/v1/chat/completions`; one without a number of tokens may fill what the server allows. */
export function parseChat(body: unknown, newTokens: number): Ask {
  const request = parse(chatRequest, body);
  const most = request.max_completion_tokens ?? request.max_tokens ?? newTokens;
  return askOf(request, [request.messages.map(messageOf)], most, newTokens);
}

/** So many tokens are OpenAI's default. */
const completionTokens = 16;

/** A request of `/v1/completions`. */
export function parseCompletion(body: unknown, newTokens: number): Ask {
  const request = parse(completionRequest, body);
  const prompts = typeof request.prompt === "string" ? [request.prompt] : request.prompt;
  return askOf(request, prompts, request.max_tokens ?? Math.min(completionTokens, newTokens), newTokens);
}

/** Templates know the role `system` alone. */
function messageOf({ role, content, name }: z.infer<typeof message>): ChatMessage {
  const text = typeof content === "string" ? content : content.map((part) => part.text).join("");
  return { role: role === "developer" ? "system" : role, content: text, ...(typeof name === "string" && { name }) };
}

type Shared = z.infer<z.ZodObject<typeof shared>>;

function askOf(request: Shared, prompts: readonly Prompt[], maxNewTokens: number, newTokens: number): Ask {
  if (maxNewTokens > newTokens) {
    throw new ApiError(400, `max_tokens: at most ${newTokens} are allowed, got ${maxNewTokens}`, {
      param: "max_tokens",
    });
  }
  const answers = prompts.length * (request.n ?? 1);
  if (answers > mostAnswers) {
    throw new ApiError(400, `n: at most ${mostAnswers} answers are made for a request, got ${answers}`, { param: "n" });
  }
  const options = {
    maxNewTokens,
    temperature: request.temperature,
    topP: request.top_p === 0 ? Number.MIN_VALUE : request.top_p,
    topK: request.top_k,
    minP: request.min_p,
    repetitionPenalty: request.repetition_penalty,
    seed: request.seed,
    stop: request.stop,
  };
  return {
    model: request.model,
    prompts,
    choices: request.n ?? 1,
    stream: request.stream ?? false,
    includeUsage: request.stream_options?.include_usage ?? false,
    options: Object.fromEntries(Object.entries(options).filter(([, value]) => value != null)),
  };
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const param = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].join(".");
  const rule = unknown === undefined ? (issue?.message ?? "is not valid") : "is not a setting that this server knows";
  throw new ApiError(400, param === "" ? `the body: ${rule}` : `${param}: ${rule}`, { ...(param !== "" && { param }) });
}
