import { crossEntropy, div, maximum, mul, reduceSum, type Tensor, tensor } from "@relpos/core";
import { continueTokens, padded } from "@relpos/pipelines";
import type { ChatRecord } from "@relpos/text";
import { require } from "../compare/errors.js";
import type { Row } from "../data/index.js";
import { perplexity } from "../metrics/index.js";
import { type ConversationForm, plainConversation } from "./conversation.js";
import { withGenerator } from "./generation.js";
import type { LanguageTask, TaskContext } from "./language-task.js";
import { tokenScorer } from "./lm.js";
import { reproduction, spread } from "./reproduction.js";
import { commonSettings, exampleTraining, int32, specialToken } from "./sequences.js";

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
        const form = formOf(context);
        const settings = { temperature: 0, endTokens: [specialToken(tokenizer, "eos")], signal: options.signal };
        const examples = await withGenerator(backend, model, parameters, async (generator) => {
          const made = [];
          for (const { messages } of answered) {
            const last = messages.findLastIndex(({ role }) => role === "assistant");
            const prompt = form.prompt(messages.slice(0, last)).slice(-Math.ceil(0.75 * length));
            const maxNewTokens = length - prompt.length;
            const tokens = await continueTokens(generator, prompt, { ...settings, maxNewTokens });
            made.push({
              input: messages[last - 1]?.content ?? "",
              expected: messages[last]!.content,
              predicted: tokenizer.decode(tokens),
            });
          }
          return made;
        });
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

/** Conversations as tokens with what follows each; the assistant's words and the ends of its messages count. */
function rowsOf(context: TaskContext<Records>): readonly Row[] {
  const { records, model } = context;
  const form = formOf(context);
  return records.map(({ messages }) => {
    const { ids, counts } = form.whole(messages);
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

/** The form that a model brings, or else ours. */
const formOf = ({ conversation, tokenizer }: TaskContext<Records>): ConversationForm =>
  conversation ?? plainConversation(tokenizer);
