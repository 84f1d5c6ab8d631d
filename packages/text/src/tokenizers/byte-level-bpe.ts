import { check } from "@relpos/core";
import { joinBytes } from "../join-bytes.js";
import { applyMerges } from "./apply-merges.js";
import { assembleTokenizer, type TokenSink } from "./assemble.js";
import { byteCharacters, bytesOfToken } from "./byte-alphabet.js";
import { pairKey } from "./pair-key.js";
import type { Template } from "./template.js";
import type { ByteTokenizer } from "./tokenizer.js";
import { pairEncoding, type TokenizerParts } from "./tokenizer-json.js";
import { type Utf8Run, utf8Runs } from "./utf8-runs.js";
import type { Vocabulary } from "./vocabulary.js";

/** What a byte-level BPE consists of. */
export interface ByteLevelBpe {
  /** Tokens in the characters of GPT-2's bytes; all 256 are among them. */
  readonly vocabulary: Vocabulary;
  /** Pairs of tokens in the order in which they are merged. */
  readonly merges: readonly (readonly [first: string, second: string])[];
  /** Whether texts are cut into words by GPT-2's pattern before merging. Default is `true`. */
  readonly splitWords?: boolean;
  readonly template?: Template | undefined;
}

/**
 * GPT-2's pattern for words (Radford et al. 2019): contractions, letters, digits or other signs with the space before
 * them, spaces. White space is Unicode's, as in Rust and Python, not JavaScript's `\s`.
 */
const words =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** The words of a text; joined, they are the text. */
export function byteLevelWords(text: string): readonly string[] {
  return text.match(words) ?? [];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const cacheLimit = 100_000;
const cachedLength = 64;

/** The tokenizer of a byte-level BPE: each word as bytes, merged in the order that was learned. */
export function byteLevelBpeTokenizer(
  model: ByteLevelBpe,
  kind: "byte-level-bpe" | "bytes" = "byte-level-bpe",
): ByteTokenizer {
  const { vocabulary, merges, splitWords = true, template } = model;
  const idOf = (token: string): number => {
    const id = vocabulary.idOf(token);
    check(
      id !== undefined,
      "byteLevelBpeTokenizer",
      () => `every token of a merge must be in the vocabulary, got none for ${token}`,
    );
    return id;
  };
  const byteIds = byteCharacters.map(idOf);
  const table = new Map(
    merges.map(([first, second], rank) => [pairKey(idOf(first), idOf(second)), { rank, id: idOf(first + second) }]),
  );
  const byteLengths = Uint32Array.from(vocabulary.tokens, (token) => bytesOfToken(token).length);
  const cache = new Map<string, MergedWord>();

  const mergeBytes = (bytes: Uint8Array): readonly number[] => {
    const symbols = Array.from(bytes, (byte) => byteIds[byte] as number);
    return table.size === 0 ? symbols : applyMerges(symbols, table);
  };
  const merged = (word: string): MergedWord => {
    const ids = mergeBytes(encoder.encode(word));
    return { ids, spans: spansIn(word, ids, byteLengths) };
  };
  const mergedOnce = (word: string): MergedWord => {
    const known = cache.get(word);
    if (known) return known;
    const made = merged(word);
    if (word.length <= cachedLength) {
      if (cache.size >= cacheLimit) cache.clear();
      cache.set(word, made);
    }
    return made;
  };
  const tokenize = (text: string, sink: TokenSink): void => {
    let start = 0;
    for (const word of splitWords ? byteLevelWords(text) : [text]) {
      const { ids, spans } = mergedOnce(word);
      for (let i = 0; i < ids.length; i++) {
        sink(ids[i] as number, start + (spans[2 * i] as number), start + (spans[2 * i + 1] as number));
      }
      start += word.length;
    }
  };
  const encodeRun = (run: Utf8Run): readonly number[] => {
    if (run.text === undefined) return mergeBytes(run.bytes);
    return (splitWords ? byteLevelWords(run.text) : [run.text]).flatMap((word) => mergedOnce(word).ids);
  };
  const join = (tokens: readonly string[]) => decoder.decode(joinBytes(tokens.map(bytesOfToken)));

  const tokenizer = assembleTokenizer({
    kind,
    vocabulary,
    template,
    tokenize,
    join,
    parts: byteLevelParts(vocabulary, merges, splitWords),
  });
  return {
    ...tokenizer,
    encodeBytes: (bytes) => Int32Array.from(utf8Runs(bytes).flatMap(encodeRun)),
    decodeBytes(ids) {
      const tokens = Array.from(ids, (id) => [id, vocabulary.tokenOf(id)] as const);
      return joinBytes(tokens.flatMap(([id, token]) => (vocabulary.isSpecial(id) ? [] : [bytesOfToken(token)])));
    },
  };
}

/** A word's tokens, and where each begins and ends in it. */
interface MergedWord {
  readonly ids: readonly number[];
  readonly spans: Int32Array;
}

/** Begin and end of tokens in UTF-16 units; a token that holds a part of a character spans all of it. Shape [S, 2], flat. */
function spansIn(word: string, ids: readonly number[], byteLengths: Uint32Array): Int32Array {
  const spans = new Int32Array(2 * ids.length);
  let [byte, begin, end] = [0, 0, 0];
  let unit = 0;
  let bytesBeforeUnit = 0;
  const bytesBeforeEnd = (): number => bytesBeforeUnit + utf8Length(word.codePointAt(unit) as number);
  for (const [index, id] of ids.entries()) {
    while (unit < word.length && bytesBeforeEnd() <= byte) {
      bytesBeforeUnit = bytesBeforeEnd();
      unit += (word.codePointAt(unit) as number) > 0xffff ? 2 : 1;
    }
    begin = unit;
    byte += byteLengths[id] as number;
    end = unit;
    for (let bytes = bytesBeforeUnit; bytes < byte; ) {
      const codePoint = word.codePointAt(end) as number;
      bytes += utf8Length(codePoint);
      end += codePoint > 0xffff ? 2 : 1;
    }
    spans.set([begin, end], 2 * index);
  }
  return spans;
}

function utf8Length(codePoint: number): number {
  return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
}

function byteLevelParts(
  vocabulary: Vocabulary,
  merges: ByteLevelBpe["merges"],
  splitWords: boolean,
): Omit<TokenizerParts, "post_processor"> {
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: splitWords };
  return {
    normalizer: null,
    pre_tokenizer: byteLevel,
    decoder: byteLevel,
    model: pairEncoding(vocabulary, merges),
  };
}
