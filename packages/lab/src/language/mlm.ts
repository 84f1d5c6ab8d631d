import {
  crossEntropy,
  foldIn,
  permutation,
  type RandomKey,
  randomIntegers,
  randomKey,
  randomUniform,
  type Tensor,
} from "@relpos/core";
import { padded } from "@relpos/pipelines";
import { segmentWords, type TextRecord, type Tokenizer } from "@relpos/text";
import { perplexity } from "../metrics/index.js";
import type { LanguageTask, TaskContext } from "./language-task.js";
import { tokenScorer } from "./lm.js";
import { commonSettings, exampleTraining, int32, specialToken } from "./sequences.js";

type Records = readonly TextRecord[];

/** Counts nothing in the loss. */
const ignored = -1;

/** Share of the words that are hidden. Devlin et al., arXiv:1810.04805. */
const hiddenShare = 0.15;

/** BERT's pretraining: hidden words from both sides of them. `classify` and `qa` can begin from its weights. */
export const mlm: LanguageTask<Records> = {
  name: "mlm",
  summary: "hidden words of a text: pretraining for classify and qa",
  headline: "accuracy",
  texts: (records) => records.map(({ text }) => text),
  settings: (_, tokenizer, sizes) => {
    for (const role of ["pad", "mask"] as const) specialToken(tokenizer, role);
    return commonSettings("mlm", tokenizer, sizes);
  },
  training(context, options) {
    const { model, tokenizer } = context;
    const pieces = piecesOf(context);
    const key = foldIn(randomKey(options.seed), "masks");
    return exampleTraining(
      {
        model,
        sizes: pieces.map(({ tokens }) => tokens.length),
        types: (batch, length) => ({ tokens: int32(batch, length), labels: int32(batch, length) }),
        rows: (rows, length, step) => {
          const own = foldIn(key, step);
          const masked = rows.map((row, index) => maskWords(pieces[row]!, tokenizer, foldIn(own, index)));
          return {
            tokens: padded(
              masked.map(({ tokens }) => tokens),
              length,
              model.settings.pad,
            ),
            labels: padded(
              masked.map(({ labels }) => labels),
              length,
              ignored,
            ),
          };
        },
        loss: (weights, batch, drop) => {
          const { logits } = model.apply(weights, batch, drop) as { logits: Tensor };
          return crossEntropy(logits, batch.labels as Tensor, { ignoreIndex: ignored });
        },
      },
      { ...options, batch: Math.min(options.batch, pieces.length) },
    );
  },
  examiner(backend, context) {
    const { model, tokenizer } = context;
    const pieces = piecesOf(context);
    const { length, pad } = model.settings;
    const key = foldIn(randomKey(0), "examination");
    const scorer = tokenScorer(backend, model);
    const rows = {
      name: "masked",
      length,
      count: pieces.length,
      row: (index: number) => {
        const { tokens, labels } = maskWords(pieces[index]!, tokenizer, foldIn(key, index));
        const row = {
          tokens: new Int32Array(length).fill(pad),
          labels: new Int32Array(length),
          weights: new Float32Array(length),
        };
        row.tokens.set(tokens);
        labels.forEach((label, place) => {
          if (label === ignored) return;
          row.labels[place] = label;
          row.weights[place] = 1;
        });
        return row;
      },
    };
    return {
      async examine(parameters, options = {}) {
        const { nats, count, right } = await scorer.score(parameters, rows, options);
        return {
          score: -nats / count,
          measures: { accuracy: right / count, nats: nats / count, perplexity: perplexity(nats, count) },
          examples: [],
        };
      },
      close: scorer.close,
    };
  },
};

/** A text's tokens, and which of them make a word: tokens of one word have one number, those of none −1. */
interface Piece {
  readonly tokens: Int32Array;
  readonly words: Int32Array;
}

/** Texts in pieces of at most the model's length. */
function piecesOf({ records, tokenizer, model }: TaskContext<Records>): readonly Piece[] {
  const { length } = model.settings;
  return records.flatMap(({ text }) => {
    const { ids, offsets } = tokenizer.encode(text);
    const words = offsets ? wordNumbers(text, offsets) : ids.map((_, index) => index);
    const count = Math.ceil(ids.length / length);
    return Array.from({ length: count }, (_, at) => ({
      tokens: ids.slice(at * length, (at + 1) * length),
      words: words.slice(at * length, (at + 1) * length),
    }));
  });
}

/** The number of the word in which each token begins. */
function wordNumbers(text: string, offsets: Int32Array): Int32Array {
  const segments = segmentWords(text);
  const numbers = new Int32Array(offsets.length / 2);
  let word = 0;
  for (let token = 0; token < numbers.length; token++) {
    // A byte-level token may begin with the space before its word.
    const middle = (offsets[2 * token]! + offsets[2 * token + 1]!) / 2;
    while (word + 1 < segments.length && segments[word + 1]!.start <= middle) word++;
    numbers[token] = word;
  }
  return numbers;
}

/** Hides whole words: four fifths by the mask, a tenth by another token, a tenth left as it is; labels elsewhere are −1. */
export function maskWords(
  { tokens, words }: Piece,
  tokenizer: Tokenizer,
  key: RandomKey,
): { readonly tokens: Int32Array; readonly labels: Int32Array } {
  const distinct = [...new Set(words)];
  const count = Math.max(1, Math.round(hiddenShare * distinct.length));
  const chosen = new Set(Array.from(permutation(key, distinct.length).subarray(0, count), (place) => distinct[place]!));
  const kinds = randomUniform(foldIn(key, "kinds"), tokens.length);
  const others = randomIntegers(foldIn(key, "others"), tokens.length, 0, tokenizer.vocabulary.size);
  const mask = specialToken(tokenizer, "mask");
  const hidden = (token: number, place: number): number => {
    const kind = kinds[place]!;
    return kind < 0.8 ? mask : kind < 0.9 ? others[place]! : token;
  };
  const isChosen = (place: number): boolean => chosen.has(words[place]!);
  return {
    tokens: tokens.map((token, place) => (isChosen(place) ? hidden(token, place) : token)),
    labels: tokens.map((token, place) => (isChosen(place) ? token : ignored)),
  };
}
