import { check } from "@relpos/core";

/** What a special token is for, by the names of Hugging Face's `tokenizer_config.json` (`pad` is `pad_token` there). */
export type SpecialRole = "pad" | "unk" | "bos" | "eos" | "cls" | "sep" | "mask";

/** Special tokens by role, in the order of their ids, and further ones without a role. */
export interface SpecialTokens extends Readonly<Partial<Record<SpecialRole, string>>> {
  readonly others?: readonly string[];
}

/** Roles with the names that models give to their tokens. */
const customary: Readonly<Record<SpecialRole, readonly string[]>> = {
  pad: ["<pad>", "[PAD]", "<|pad|>"],
  unk: ["<unk>", "[UNK]", "<|unk|>"],
  bos: ["<s>", "<bos>", "<|begin_of_text|>", "<|startoftext|>"],
  eos: ["</s>", "<eos>", "<|endoftext|>", "<|end_of_text|>"],
  cls: ["[CLS]"],
  sep: ["[SEP]"],
  mask: ["[MASK]", "<mask>"],
};

export const specialRoles = Object.keys(customary) as readonly SpecialRole[];

/** All special tokens in the order of their ids. */
export function specialTokenList({ others = [], ...roles }: SpecialTokens): readonly string[] {
  const list = [...new Set([...Object.values(roles as Record<string, string>), ...others])];
  for (const token of list) check(token.length > 0, "specialTokens", () => "a special token must not be empty");
  return list;
}

/** Special tokens with the roles that their names tell, for files that state none. */
export function guessRoles(tokens: readonly string[]): SpecialTokens {
  const roles = specialRoles.flatMap((role) => {
    const token = customary[role].find((name) => tokens.includes(name));
    return token === undefined ? [] : [[role, token] as const];
  });
  return { ...Object.fromEntries(roles), others: tokens };
}
