/**
 * Bytes as visible characters, as GPT-2's encoder writes them: those that print in Latin-1 stand for themselves, the other
 * 68 are U+0100 and on. Indexed by byte.
 */
export const byteCharacters: readonly string[] = (() => {
  const prints = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(prints(byte) ? byte : next++));
})();

/** The same characters in the order of their code points: the first ids of a byte-level vocabulary. */
export const byteAlphabet: readonly string[] = [...byteCharacters].sort();

const byteOfCharacter = new Map(byteCharacters.map((character, byte) => [character, byte]));

const encoder = new TextEncoder();

/** The bytes that a token stands for. A token with other characters, such as a special one, stands for its own UTF-8. */
export function bytesOfToken(token: string): Uint8Array {
  const bytes = Array.from(token, (character) => byteOfCharacter.get(character));
  return bytes.includes(undefined) ? encoder.encode(token) : Uint8Array.from(bytes as number[]);
}

/** A token for bytes. */
export function tokenOfBytes(bytes: Uint8Array): string {
  let token = "";
  for (const byte of bytes) token += byteCharacters[byte] as string;
  return token;
}
