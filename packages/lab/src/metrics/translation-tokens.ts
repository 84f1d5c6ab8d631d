import { splitWords } from "./words.js";

/** How BLEU cuts text into tokens: as mteval-v13a, by Chinese characters and else as 13a, by characters, or at spaces. */
export type TranslationTokenizer = keyof typeof tokenizers;

/** The tokens of a line, as sacreBLEU's tokenizer of the same name gives them. */
export function translationTokens(line: string, tokenizer: TranslationTokenizer): readonly string[] {
  return tokenizers[tokenizer](line.trimEnd());
}

/** Names of the tokenizers. */
export const translationTokenizers = ["13a", "zh", "char", "none"] as const;

const tokenizers = {
  "13a": (line: string) => punctuated(` ${unescaped(line)} `),
  zh: (line: string) => punctuated(Array.from(line.trim(), (c) => (isChinese(c) ? ` ${c} ` : c)).join("")),
  char: (line: string) => splitWords(Array.from(line).join(" ")),
  none: (line: string) => splitWords(line),
};

const entities = [
  ["&quot;", '"'],
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["&gt;", ">"],
] as const;

/** Without the marks of the SGML that mteval read. */
function unescaped(line: string): string {
  const plain = line.replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
  return entities.reduce((text, [entity, character]) => text.replaceAll(entity, character), plain);
}

const cuts: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/([{-~[-` -&(-+:-@/])/g, " $1 "],
  [/([^0-9])([.,])/gu, "$1 $2 "],
  [/([.,])([^0-9])/gu, " $1 $2"],
  [/([0-9])(-)/g, "$1 $2 "],
];

/** Punctuation as tokens of its own, but for points and commas between digits. */
function punctuated(line: string): readonly string[] {
  return splitWords(cuts.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), line));
}

/**
 * Code points that sacreBLEU takes for Chinese. 2001–2A6D and 2F81–2FA1 stand where its source means 20000–2A6D6 and
 * 2F800–2FA1D, but writes four digits and compares strings.
 */
const chinese: readonly (readonly [first: number, last: number])[] = [
  [0x2001, 0x2a6d],
  [0x2e80, 0x2eff],
  [0x2f00, 0x2fdf],
  [0x2ff0, 0x303f],
  [0x3100, 0x312f],
  [0x31a0, 0x31bf],
  [0x31c0, 0x31ef],
  [0x3200, 0x33ff],
  [0x3400, 0x4db5],
  [0x4e00, 0x9fbb],
  [0xf900, 0xfa2d],
  [0xfa30, 0xfa6a],
  [0xfa70, 0xfad9],
  [0xfe10, 0xfe1f],
  [0xfe30, 0xfe4f],
  [0xff00, 0xffef],
];

function isChinese(character: string): boolean {
  const point = character.codePointAt(0)!;
  return chinese.some(([first, last]) => first <= point && point <= last);
}
