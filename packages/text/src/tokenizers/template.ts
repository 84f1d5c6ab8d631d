import type { TokenizerPart } from "./tokenizer-json.js";
import type { Vocabulary } from "./vocabulary.js";

/** Special tokens that a tokenizer puts before and after a text when asked to. */
export interface Template {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** The post-processor of `tokenizer.json` for a template; of two texts, the second is followed by the same tokens. */
export function templateProcessing({ before, after }: Template, vocabulary: Vocabulary): TokenizerPart {
  const special = (tokens: readonly string[], type: number) =>
    tokens.map((id) => ({ SpecialToken: { id, type_id: type } }));
  const sequence = (id: "A" | "B", type: number) => ({ Sequence: { id, type_id: type } });
  const tokens = [...new Set([...before, ...after])];
  const single = [...special(before, 0), sequence("A", 0), ...special(after, 0)];
  return {
    type: "TemplateProcessing",
    single,
    pair: [...single, sequence("B", 1), ...special(after, 1)],
    special_tokens: Object.fromEntries(
      tokens.map((token) => [token, { id: token, ids: [vocabulary.idOf(token)], tokens: [token] }]),
    ),
  };
}

/** The template of a post-processor, undefined where it is none that a template can stand for. */
export function templateOf(part: TokenizerPart | null): Template | undefined {
  const template = part ? readers[part.type]?.(part) : none;
  return template;
}

const none: Template = { before: [], after: [] };

const readers: Readonly<Record<string, (part: TokenizerPart) => Template | undefined>> = {
  ByteLevel: () => none,
  BertProcessing: clsAndSep,
  RobertaProcessing: clsAndSep,
  TemplateProcessing({ single }) {
    const items = single as readonly { readonly SpecialToken?: { readonly id: string } }[];
    const names = items.map(({ SpecialToken }) => SpecialToken?.id);
    const middle = names.indexOf(undefined);
    const [before, after] = [names.slice(0, middle), names.slice(middle + 1)];
    if (middle < 0 || after.includes(undefined)) return undefined;
    return { before: before as string[], after: after as string[] };
  },
};

function clsAndSep({ cls, sep }: TokenizerPart): Template {
  return { before: [(cls as readonly [string])[0]], after: [(sep as readonly [string])[0]] };
}
