/** Encodings of text, by the names of the Encoding Standard; `utf-8` is strict. */
export type TextEncodingName = "utf-8" | "windows-1252" | "gb18030" | "big5" | "utf-16le" | "shift_jis" | "euc-kr";

/** A function from bytes to text; the rule that they break where they are no text. */
export type LineDecoder = (bytes: Uint8Array) => { readonly text: string } | { readonly rule: string };

/** A strict decoder: bytes that are no text in the encoding are not replaced but told, with the first that is wrong. */
export function lineDecoder(encoding: TextEncodingName = "utf-8"): LineDecoder {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return (bytes) => {
    try {
      return { text: decoder.decode(bytes) };
    } catch {
      return { rule: `must be text in ${encoding}, got byte ${firstWrong(bytes, encoding)}` };
    }
  };
}

/** `0xff at byte 3`: the first byte with which the bytes are no longer the beginning of a text. */
function firstWrong(bytes: Uint8Array, encoding: TextEncodingName): string {
  const reads = (length: number): boolean => {
    try {
      new TextDecoder(encoding, { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  let [good, bad] = [0, bytes.length];
  if (reads(bad)) return `${hex(bytes[bad - 1])}, an unfinished character at the end`;
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (reads(middle)) good = middle;
    else bad = middle;
  }
  return `${hex(bytes[good])} at byte ${good + 1}`;
}

function hex(byte = 0): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
