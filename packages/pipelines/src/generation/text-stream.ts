import type { TextTokenizer } from "../text/text-tokenizer.js";

/** Turns tokens into text as they come: what is said of one piece never changes with the next. */
export interface TextStream {
  /** The text that a token adds; empty while a character is not whole. */
  push(token: number): string;
  /** What is left when no more tokens come. */
  end(): string;
}

/** The mark of bytes that are no whole character. */
const broken = "\ufffd";

/** So many tokens are decoded with the new ones, for what depends on what stands before. */
const context = 4;

/** A stream for the tokens that follow others. */
export function createTextStream(tokenizer: TextTokenizer, before: readonly number[] = []): TextStream {
  let said = before.slice(-context);
  let pending: number[] = [];
  const added = (): string => {
    const [old, all] = [tokenizer.decode(said), tokenizer.decode([...said, ...pending])];
    return all.slice(old.length);
  };
  const take = (text: string): string => {
    said = [...said, ...pending].slice(-context);
    pending = [];
    return text;
  };
  return {
    push: (token) => {
      // Models may have rows behind the tokenizer's last token; they say nothing.
      if (token >= tokenizer.vocabulary.size) return "";
      pending.push(token);
      const text = added();
      return text.endsWith(broken) ? "" : take(text);
    },
    end: () => (pending.length > 0 ? take(added()) : ""),
  };
}
