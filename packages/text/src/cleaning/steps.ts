import { segmentWords } from "../tokenizers/words.js";
import { htmlText } from "./html-text.js";
import { type StopWordLanguage, stopWords } from "./stop-words.js";

/** Which steps are taken, each with its setting; a step that is not named is not taken. */
export interface CleaningOptions {
  /** Tags are taken away, entities become characters. */
  readonly html?: true;
  /** What web and e-mail addresses become: a text such as `<url>`, or nothing. */
  readonly urls?: string;
  /** Normalization form of Unicode; NFKC also makes full-width letters and ligatures ordinary ones. */
  readonly unicode?: "NFC" | "NFD" | "NFKC" | "NFKD";
  readonly case?: "lower" | "upper";
  /** What numbers become: a text such as `<number>` or `0`, or nothing. */
  readonly numbers?: string;
  /** What punctuation becomes: a space, or nothing. Apostrophes within words stay. */
  readonly punctuation?: string;
  /** Words that are left out: those of languages, or of a list in lower case. */
  readonly stopWords?: readonly StopWordLanguage[] | ReadonlySet<string>;
  /** White space and control characters in a row become one space, none at the ends. */
  readonly spaces?: true;
}

export type CleaningStepName = keyof CleaningOptions;

/** A step of cleaning. */
export interface CleaningStep<Name extends CleaningStepName> {
  readonly describe: string;
  apply(text: string, setting: NonNullable<CleaningOptions[Name]>): string;
}

const addresses =
  /\b(?:https?:\/\/|ftp:\/\/|www\.)[^\s<>"'，。；！？）】」]*[^\s<>"'，。；！？）】」.,;:!?)\]]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/giu;
const numbers =
  /(?<![\p{L}\p{N}])[+-]?\p{Nd}+(?:[.,:]\p{Nd}+)*(?![\p{Script=Latin}\p{N}])|\p{Nd}+(?:[.,]\p{Nd}+)*(?=\p{Script=Han})/gu;
const punctuation = /(?<!\p{L})['’]|['’](?!\p{L})|(?!['’])[\p{P}$+<=>^`|~]/gu;
const blanks = /[\p{White_Space}\p{Cc}\u200b\ufeff]+/gu;

/** The steps in the order in which they are taken: markup first, since it holds the rest; spaces last, since others leave some. */
export const cleaningSteps: { readonly [Name in CleaningStepName]-?: CleaningStep<Name> } = {
  html: { describe: "HTML tags away, entities as characters", apply: (text) => htmlText(text) },
  urls: { describe: "web and e-mail addresses", apply: (text, by) => text.replace(addresses, () => by) },
  unicode: { describe: "Unicode normalization", apply: (text, form) => text.normalize(form) },
  case: {
    describe: "upper and lower case",
    apply: (text, to) => (to === "lower" ? text.toLowerCase() : text.toUpperCase()),
  },
  numbers: { describe: "numbers", apply: (text, by) => text.replace(numbers, () => by) },
  punctuation: { describe: "punctuation", apply: (text, by) => text.replace(punctuation, () => by) },
  stopWords: { describe: "words that say little", apply: (text, words) => withoutWords(text, wordSet(words)) },
  spaces: { describe: "white space", apply: (text) => text.replace(blanks, " ").trim() },
};

const sets = new Map<string, ReadonlySet<string>>();

function wordSet(words: NonNullable<CleaningOptions["stopWords"]>): ReadonlySet<string> {
  if (!Array.isArray(words)) return words as ReadonlySet<string>;
  const languages = words as readonly StopWordLanguage[];
  const key = languages.join();
  const known = sets.get(key) ?? new Set(languages.flatMap((language) => [...stopWords(language)]));
  sets.set(key, known);
  return known;
}

function withoutWords(text: string, words: ReadonlySet<string>): string {
  let kept = "";
  let end = 0;
  for (const { text: word, start } of segmentWords(text)) {
    if (!words.has(word.toLowerCase().replaceAll("’", "'"))) continue;
    kept += text.slice(end, start);
    end = start + word.length;
  }
  return kept + text.slice(end);
}
