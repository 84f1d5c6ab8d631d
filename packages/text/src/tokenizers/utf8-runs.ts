/** A stretch of bytes: text in UTF-8, or a single byte that is in no character. */
export interface Utf8Run {
  readonly bytes: Uint8Array;
  readonly text?: string;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Cuts bytes into stretches of valid UTF-8, as long as they can be, and the single bytes between them. */
export function utf8Runs(bytes: Uint8Array): readonly Utf8Run[] {
  const runs: Utf8Run[] = [];
  let start = 0;
  const endRun = (end: number): void => {
    if (end > start) runs.push({ bytes: bytes.subarray(start, end), text: strict.decode(bytes.subarray(start, end)) });
  };
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at);
    if (length === 0) {
      endRun(at);
      runs.push({ bytes: bytes.subarray(at, at + 1) });
      start = at + 1;
    }
    at += Math.max(1, length);
  }
  endRun(bytes.length);
  return runs;
}

/** Bytes of the character that begins here, 0 where none does (RFC 3629, section 4). */
export function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  const [low, high] = secondByte[first] ?? [0x80, 0xbf];
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i];
    if (byte === undefined || byte < (i === 1 ? low : 0x80) || byte > (i === 1 ? high : 0xbf)) return 0;
  }
  return length;
}

/** Where the second byte has a smaller range: no overlong forms, no surrogates, nothing above U+10FFFF. */
const secondByte: Readonly<Record<number, readonly [number, number]>> = {
  224: [0xa0, 0xbf],
  237: [0x80, 0x9f],
  240: [0x90, 0xbf],
  244: [0x80, 0x8f],
};
