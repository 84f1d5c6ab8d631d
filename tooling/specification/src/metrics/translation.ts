import { corpusBleu, corpusChrf, sentenceBleu, type TranslationTokenizer } from "@relpos/lab/metrics";
import { type MetricReader, without } from "./metric-case.js";

interface TranslationCase {
  readonly hypotheses: readonly string[];
  readonly references: readonly string[];
  readonly tokenize: TranslationTokenizer;
}

/** BLEU and chrF of corpora, and BLEU of each sentence. */
export const translationCases: MetricReader<{ readonly cases: readonly TranslationCase[] }> = ({ cases }) =>
  cases.map((stored, index) => ({
    name: `case ${index}, ${stored.tokenize}`,
    expected: without(stored, ["hypotheses", "references", "tokenize"]),
    actual: () => {
      const { hypotheses, references, tokenize: tokenizer } = stored;
      const { score, precisions, brevityPenalty } = corpusBleu(hypotheses, references, { tokenizer });
      return {
        bleu: score,
        precisions,
        brevityPenalty,
        chrf: corpusChrf(hypotheses, references),
        chrfPlusPlus: corpusChrf(hypotheses, references, { wordOrder: 2 }),
        sentenceBleu: hypotheses.map((text, at) => sentenceBleu(text, references[at]!, { tokenizer })),
      };
    },
  }));
