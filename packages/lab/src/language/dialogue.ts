import { crossEntropy, div, maximum, mul, reduceSum, type Tensor, tensor } from "@relpos/core";
import type { ChatMessage, ChatRecord, Tokenizer } from "@relpos/text";
import { require } from "../compare/errors.js";
import type { Row } from "../data/index.js";
import { perplexity } from "../metrics/index.js";
import { generate } from "./generate.js";
import type { LanguageTask, TaskContext } from "./language-task.js";
import { tokenScorer } from "./lm.js";
import { reproduction, spread } from "./reproduction.js";
import { commonSettings, exampleTraining, int32, padded, specialToken } from "./sequences.js";

type Records = readonly ChatRecord[];

/** Conversations that are answered at each examination, where nothing else is asked for. */
const defaultAnswers = 40;

/** Dialogue: what an assistant says next. The loss counts the assistant's words only. */
export const dialogue: LanguageTask<Records> = {
  name: "dialogue",
  summary: "what an assistant says next in a conversation",
  headline: "perplexity",
  texts: (records) => records.flatMap(({ messages }) => messages.map(({ content }) => content)),
  settings(records, tokenizer, sizes) {
    const silent = records.find(({ messages }) => !messages.some(({ role }) => role === "assistant"));
    require(!silent, () =>
      `a conversation has no message of the assistant (${silent?.file}, line ${silent?.line})`, () =>
      'give every conversation a message with "role": "assistant"');
    return commonSettings("dialogue", tokenizer, sizes);
  },
  training(context, options) {
    const { model, records } = context;
    const rows = rowsOf(context);
    return exampleTraining(
      {
        model,
        sizes: rows.map(({ tokens }) => tokens.length),
        types: (batch, length) => ({
          tokens: int32(batch, length),
          labels: int32(batch, length),
          weights: { shape: [batch, length], dtype: "float32" },
        }),
        rows: (chosen, length) => {
          const own = chosen.map((row) => rows[row]!);
          const weights = own.flatMap((row) => Array.from({ length }, (_, place) => row.weights[place] ?? 0));
          return {
            tokens: padded(
              own.map(({ tokens }) => tokens),
              length,
              model.settings.pad,
            ),
            labels: padded(
              own.map(({ labels }) => labels),
              length,
              model.settings.pad,
            ),
            weights: tensor(weights, [own.length, length]),
          };
        },
        loss: (weights, batch, drop) => {
          const { logits } = model.apply(weights, batch, drop) as { logits: Tensor };
          const { labelSmoothing } = options;
          const nats = crossEntropy(logits, batch.labels as Tensor, { reduction: "none", labelSmoothing });
          const counts = batch.weights as Tensor;
          return div(reduceSum(mul(nats, counts)), maximum(reduceSum(counts), 1));
        },
      },
      { ...options, batch: Math.min(options.batch, records.length) },
    );
  },
  examiner(backend, context) {
    const { model, records, tokenizer } = context;
    const { length, pad } = model.settings;
    const own = rowsOf(context);
    const answered = spread(records, context.options.answers ?? defaultAnswers);
    const isReproduced = reproduction(records);
    const scorer = tokenScorer(backend, model);
    const rows = {
      name: "conversations",
      length,
      count: own.length,
      row: (index: number) => filled(own[index]!, length, pad),
    };
    return {
      async examine(parameters, options = {}) {
        const { nats, count, right } = await scorer.score(parameters, rows, options);
        const examples = [];
        for (const { messages } of answered) {
          const last = messages.findLastIndex(({ role }) => role === "assistant");
          const prompt = promptTokens(tokenizer, messages.slice(0, last));
          const stop = [specialToken(tokenizer, "eos")];
          const { signal } = options;
          const made = await generate({ backend, model, parameters }, prompt, {
            maxNewTokens: length,
            temperature: 0,
            stop,
            signal,
          });
          examples.push({
            input: messages[last - 1]?.content ?? "",
            expected: messages[last]!.content,
            predicted: tokenizer.decode(made),
          });
        }
        const reproduced = answered.filter((record, row) => isReproduced(record, examples[row]!.predicted)).length;
        return {
          score: -nats / count,
          measures: {
            perplexity: perplexity(nats, count),
            nats: nats / count,
            accuracy: right / count,
            reproduced: reproduced / answered.length,
          },
          examples: examples.slice(0, 8),
        };
      },
      close: scorer.close,
    };
  },
};

/** A conversation up to the assistant's turn, as tokens: each message behind its role, with the token that ends it. */
export function promptTokens(tokenizer: Tokenizer, messages: readonly ChatMessage[]): readonly number[] {
  return [...messages.flatMap((message) => messageTokens(tokenizer, message)), roleToken(tokenizer, "assistant")];
}

function messageTokens(tokenizer: Tokenizer, { role, content }: ChatMessage): readonly number[] {
  return [roleToken(tokenizer, role), ...tokenizer.encode(content).ids, specialToken(tokenizer, "eos")];
}

function roleToken({ vocabulary }: Tokenizer, role: string): number {
  const id = vocabulary.idOf(`<${role}>`);
  require(id !== undefined, () => `the tokenizer has no token <${role}> for the role ${role}`, () =>
    "roles are user, assistant and system; train a tokenizer with these tokens");
  return id;
}

/** Conversations as tokens with what follows each; the assistant's words and the ends of its messages count. */
function rowsOf({ records, tokenizer, model }: TaskContext<Records>): readonly Row[] {
  return records.map(({ messages }) => {
    const parts = messages.map((message) => ({ role: message.role, ids: messageTokens(tokenizer, message) }));
    const ids = parts.flatMap((part) => part.ids);
    const counts = parts.flatMap(({ role, ids: own }) =>
      own.map((_, place) => Number(role === "assistant" && place > 0)),
    );
    const size = Math.min(ids.length - 1, model.settings.length);
    return {
      tokens: Int32Array.from(ids.slice(0, size)),
      labels: Int32Array.from(ids.slice(1, size + 1)),
      weights: Float32Array.from(counts.slice(1, size + 1)),
    };
  });
}

function filled({ tokens, labels, weights }: Row, length: number, pad: number): Row {
  const row = {
    tokens: new Int32Array(length).fill(pad),
    labels: new Int32Array(length),
    weights: new Float32Array(length),
  };
  row.tokens.set(tokens);
  row.labels.set(labels);
  row.weights.set(weights);
  return row;
}
