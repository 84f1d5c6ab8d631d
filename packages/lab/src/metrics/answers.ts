import { commonCount, countItems, harmonicMean, splitWords } from "./words.js";

/** How answers are compared: as SQuAD's evaluation does, or CMRC's, which goes by Chinese characters. */
export type AnswerStyle = keyof typeof styles;

export interface AnswerScore {
  /** 1 where the normalised answers are equal, else 0. */
  readonly exact: number;
  readonly f1: number;
}

/** The better of the scores against each true answer. No true answer means that there is none: "" is right. */
export function scoreAnswer(predicted: string, answers: readonly string[], style: AnswerStyle = "squad"): AnswerScore {
  const truth = answers.length > 0 ? answers : [""];
  const scores = truth.map((answer) => styles[style](predicted, answer));
  return { exact: Math.max(...scores.map(({ exact }) => exact)), f1: Math.max(...scores.map(({ f1 }) => f1)) };
}

const asciiPunctuation = /[!-/:-@[-`{-~]/g;
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/** Lower case, without punctuation, articles and needless spaces. Rajpurkar et al., arXiv:1606.05250. */
export function normalizeAnswer(answer: string): string {
  return splitWords(answer.toLowerCase().replace(asciiPunctuation, "").replace(articles, " ")).join(" ");
}

/** Punctuation that CMRC's evaluation leaves out; full stops and the like of English stay. */
const ignored = new Set("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』");

/** Without the marks that CMRC's evaluation leaves out, in lower case. Cui et al., arXiv:1810.07366. */
export function normalizeChineseAnswer(answer: string): string {
  return Array.from(answer.toLowerCase().trim())
    .filter((character) => !ignored.has(character))
    .join("");
}

/** A Chinese character, a word of another script with its inner points and thousands, or a mark. */
const chineseToken = /[一-龥]|(?:[^\s一-龥.,;@#$%&?!()[\]{}<>"]|\.(?![\s)\]}>"']*(?:$|[一-龥]))|,(?=\d))+|\S/gu;

function chineseTokens(answer: string): readonly string[] {
  return normalizeChineseAnswer(answer).match(chineseToken) ?? [];
}

const styles = {
  squad: (predicted: string, answer: string): AnswerScore => {
    const [own, other] = [normalizeAnswer(predicted), normalizeAnswer(answer)];
    const [words, otherWords] = [splitWords(own), splitWords(other)];
    const common = commonCount(countItems(words), countItems(otherWords));
    return { exact: Number(own === other), f1: overlap(common, words.length, otherWords.length) };
  },
  /** F1 of the longest common run of tokens. */
  chinese: (predicted: string, answer: string): AnswerScore => {
    const [own, other] = [chineseTokens(predicted), chineseTokens(answer)];
    const exact = Number(normalizeChineseAnswer(predicted) === normalizeChineseAnswer(answer));
    return { exact, f1: overlap(longestCommonRun(own, other), own.length, other.length) };
  },
};

/** F1 of tokens in common; where one side is empty, both must be. */
function overlap(common: number, predicted: number, expected: number): number {
  if (predicted === 0 || expected === 0) return Number(predicted === expected);
  return harmonicMean(common / predicted, common / expected);
}

function longestCommonRun(a: readonly string[], b: readonly string[]): number {
  let longest = 0;
  let before = new Int32Array(b.length + 1);
  for (const item of a) {
    const current = new Int32Array(b.length + 1);
    for (let j = 0; j < b.length; j++) {
      if (item === b[j]) current[j + 1] = before[j]! + 1;
      longest = Math.max(longest, current[j + 1]!);
    }
    before = current;
  }
  return longest;
}
