import { characterLength } from "../tokenizers/utf8-runs.js";

/** Encodings of text, by the names of the Encoding Standard. */
export const textEncodings = ["utf-8", "windows-1252", "gb18030", "big5", "utf-16le", "shift_jis", "euc-kr"] as const;

export type TextEncodingName = (typeof textEncodings)[number];

/** A function from bytes to text; the rule that they break where they are no text. */
export type LineDecoder = (bytes: Uint8Array) => { readonly text: string } | { readonly rule: string };

/** A strict decoder: bytes that are no text in the encoding are not replaced but told, in UTF-8 with the first of them. */
export function lineDecoder(encoding: TextEncodingName = "utf-8"): LineDecoder {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return (bytes) => {
    try {
      return { text: decoder.decode(bytes) };
    } catch {
      return { rule: `must be text in ${encoding}${encoding === "utf-8" ? `, got ${firstWrong(bytes)}` : ""}` };
    }
  };
}

/** `0xff as byte 3`: where no character of UTF-8 begins. */
function firstWrong(bytes: Uint8Array): string {
  let at = 0;
  while (characterLength(bytes, at) > 0) at += characterLength(bytes, at);
  return `0x${(bytes[at] as number).toString(16).padStart(2, "0")} as byte ${at + 1}`;
}
