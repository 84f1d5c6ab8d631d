/** How BERT prepares a text, by the names of `BertNormalizer`. */
export interface BertNormalization {
  readonly lowercase: boolean;
  readonly stripAccents: boolean;
  /** Whether control characters are removed. */
  readonly cleanText: boolean;
  /** Whether each Chinese character is a word. */
  readonly handleChineseCharacters: boolean;
}

/** A prepared word, and for each of its UTF-16 units where the character that it came from begins and ends. */
export interface BertWord {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

const accents = /\p{Mn}/gu;
const control = /^[\p{Cc}\p{Cf}\p{Co}\p{Cs}\uFFFD]$/u;
const space = /^\p{White_Space}$/u;
const punctuation = /^[\p{P}!-/:-@[-`{-~]$/u;

/** Blocks of Chinese characters, as BERT has them: the unified ideographs with their extensions, and the compatible ones. */
const chineseBlocks = [
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xf900, 0xfaff],
  [0x20000, 0x2a6df],
  [0x2a700, 0x2ceaf],
  [0x2f800, 0x2fa1f],
] as const;

/** What becomes of one character: its prepared form, empty where it is removed, and whether it stands alone. */
interface Prepared {
  readonly text: string;
  readonly role: "space" | "letter" | "alone";
}

/**
 * Cuts a text into words as BERT does (Devlin et al. 2019, its `BasicTokenizer`): at white space, each punctuation mark and,
 * where asked for, each Chinese character for itself.
 */
export function bertWordCutter(normalization: BertNormalization): (text: string) => Iterable<BertWord> {
  const known = new Map<string, readonly Prepared[]>();
  const prepared = (character: string): readonly Prepared[] => {
    let found = known.get(character);
    if (!found) {
      found = prepare(character, normalization);
      known.set(character, found);
    }
    return found;
  };

  return function* (text) {
    let word = "";
    let starts: number[] = [];
    let ends: number[] = [];
    let position = 0;
    const finish = (): BertWord => {
      const done = { text: word, starts, ends };
      word = "";
      starts = [];
      ends = [];
      return done;
    };
    for (const character of text) {
      for (const { text: form, role } of prepared(character)) {
        if (role !== "letter" && word) yield finish();
        if (role === "space") continue;
        word += form;
        for (let i = 0; i < form.length; i++) {
          starts.push(position);
          ends.push(position + character.length);
        }
        if (role === "alone") yield finish();
      }
      position += character.length;
    }
    if (word) yield finish();
  };
}

function prepare(character: string, normalization: BertNormalization): readonly Prepared[] {
  const { cleanText, handleChineseCharacters, stripAccents, lowercase } = normalization;
  if (space.test(character)) return [{ text: " ", role: "space" }];
  if (cleanText && control.test(character)) return [];
  const alone = handleChineseCharacters && isChinese(character);
  let form = character;
  if (stripAccents) form = form.normalize("NFD").replace(accents, "");
  if (lowercase) form = Array.from(form, (part) => part.toLowerCase()).join("");
  return Array.from(form, (part) => ({ text: part, role: alone || punctuation.test(part) ? "alone" : "letter" }));
}

function isChinese(character: string): boolean {
  const codePoint = character.codePointAt(0) as number;
  return chineseBlocks.some(([first, last]) => codePoint >= first && codePoint <= last);
}
