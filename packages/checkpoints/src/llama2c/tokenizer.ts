import { check } from "@relpos/core";

/** Tokens of llama2.c: text to numbers and back. */
export interface Llama2cTokenizer {
  readonly size: number;
  /** Numbers of a text, after the token 1 that begins every sequence. */
  encode(text: string): number[];
  /** The text of tokens; a 1 begins a new one. */
  decode(tokens: readonly number[]): string;
}

/** Tokens before the 256 single bytes: unknown, begin, end. */
const firstByte = 3;
const begin = 1;

/**
 * Reads llama2.c's tokenizer file: the longest token's length, then each token's score, length and bytes.
 *
 * Encoding joins the pair whose token has the best score until none is left, as run.c does. Errors when the file ends early.
 */
export function readLlama2cTokenizer(bytes: Uint8Array): Llama2cTokenizer {
  const pieces = readPieces(bytes);
  const numbers = new Map(pieces.map(({ key }, token) => [key, token]));
  return {
    size: pieces.length,
    encode: (text) => {
      // A space stands before the first word.
      const tokens = text === "" ? [] : joined(startingTokens(` ${text}`, numbers), pieces, numbers);
      return [begin, ...tokens];
    },
    decode: (tokens) => {
      const parts = tokens.map((token, index) => {
        const piece = pieces[token];
        check(piece, "llama2c", () => `token must be below ${pieces.length}, got ${token}`);
        if (token === begin) return new Uint8Array(0);
        const byte = /^<0x([0-9A-F]{2})>$/.exec(piece.key)?.[1];
        if (byte) return Uint8Array.of(Number.parseInt(byte, 16));
        const atStart = index === 0 || tokens[index - 1] === begin;
        return atStart && piece.bytes[0] === 0x20 ? piece.bytes.subarray(1) : piece.bytes;
      });
      const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
      let offset = 0;
      for (const part of parts) {
        all.set(part, offset);
        offset += part.length;
      }
      return new TextDecoder().decode(all);
    },
  };
}

interface Piece {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly score: number;
}

function readPieces(bytes: Uint8Array): readonly Piece[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const pieces: Piece[] = [];
  for (let offset = 4; offset < bytes.length; ) {
    check(offset + 8 <= bytes.length, "llama2c", () => `the tokenizer's file ends within token ${pieces.length}`);
    const [score, length] = [view.getFloat32(offset, true), view.getInt32(offset + 4, true)];
    const end = offset + 8 + length;
    check(
      length >= 0 && end <= bytes.length,
      "llama2c",
      () => `the tokenizer's file ends within token ${pieces.length}`,
    );
    const piece = bytes.subarray(offset + 8, end);
    pieces.push({ key: new TextDecoder().decode(piece), bytes: piece, score });
    offset = end;
  }
  check(pieces.length > firstByte, "llama2c", () => `the tokenizer's file must hold tokens, got ${pieces.length}`);
  return pieces;
}

/** A token for each character, or for each byte of one that has none. */
function startingTokens(text: string, numbers: ReadonlyMap<string, number>): number[] {
  return [...text].flatMap((character) => {
    const token = numbers.get(character);
    return token === undefined ? [...new TextEncoder().encode(character)].map((byte) => byte + firstByte) : [token];
  });
}

/**
 * Joins the neighbours of the highest score, the first of equals, until none has a token. The scores of neighbours are kept, so
 * that a join looks two of them up.
 */
function joined(start: readonly number[], pieces: readonly Piece[], numbers: ReadonlyMap<string, number>): number[] {
  const tokens = [...start];
  const keyOf = (token: number | undefined): string => (pieces[token as number] as Piece).key;
  const joinAt = (index: number): number => {
    if (index < 0 || index + 1 >= tokens.length) return none;
    return numbers.get(keyOf(tokens[index]) + keyOf(tokens[index + 1])) ?? none;
  };
  const joins = tokens.map((_, index) => joinAt(index));
  const scores = joins.map((token) => scoreOf(token, pieces));
  for (;;) {
    let best = 0;
    for (let index = 1; index < scores.length; index++) {
      if ((scores[index] as number) > (scores[best] as number)) best = index;
    }
    const token = joins[best];
    if (token === undefined || token === none) return tokens;
    tokens.splice(best, 2, token);
    joins.splice(best, 1);
    scores.splice(best, 1);
    for (const index of [best - 1, best]) {
      if (index < 0 || index >= tokens.length) continue;
      joins[index] = joinAt(index);
      scores[index] = scoreOf(joins[index] as number, pieces);
    }
  }
}

/** In place of a token where there is none. */
const none = -1;

const scoreOf = (token: number, pieces: readonly Piece[]): number =>
  token === none ? Number.NEGATIVE_INFINITY : (pieces[token] as Piece).score;
