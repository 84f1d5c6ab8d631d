import { labelOf, type OpenedTask, tokensWithin } from "./opened-task.js";
import { overRows, type RunOptions, rowOf } from "./run-model.js";
import { softmaxOf } from "./softmax.js";

/** A token with its class. */
export interface TokenEntity {
  readonly entity: string;
  readonly score: number;
  /** Number of the token, special ones counted. */
  readonly index: number;
  readonly word: string;
  /** Begin and end in the text, in UTF-16 units, where the tokenizer tells. */
  readonly start?: number;
  readonly end?: number;
}

/** Tokens beside each other of one class. */
export interface EntityGroup {
  readonly entityGroup: string;
  /** Mean of its tokens' scores. */
  readonly score: number;
  readonly word: string;
  readonly start?: number;
  readonly end?: number;
}

export interface TokenClassificationOptions extends RunOptions {
  /** "simple" joins tokens beside each other of one class, B- and I- understood. Default "none": each token by itself. */
  readonly aggregationStrategy?: "none" | "simple";
  /** Classes that are left out. Default "O". */
  readonly ignoreLabels?: readonly string[];
}

/** The classes of the tokens of each text. */
export interface TokenClassification {
  (
    text: string,
    options: TokenClassificationOptions & { aggregationStrategy: "simple" },
  ): Promise<readonly EntityGroup[]>;
  (text: string, options?: TokenClassificationOptions): Promise<readonly TokenEntity[]>;
  (
    texts: readonly string[],
    options: TokenClassificationOptions & { aggregationStrategy: "simple" },
  ): Promise<readonly (readonly EntityGroup[])[]>;
  (texts: readonly string[], options?: TokenClassificationOptions): Promise<readonly (readonly TokenEntity[])[]>;
}

export function tokenClassification({ config, run, pad, longest, tokenizer }: OpenedTask) {
  return async (
    texts: readonly string[],
    { aggregationStrategy = "none", ignoreLabels = ["O"], ...options }: TokenClassificationOptions = {},
  ): Promise<readonly (readonly (TokenEntity | EntityGroup)[])[]> => {
    const rows = texts.map((text) => ({ tokens: tokensWithin(tokenizer, text, longest) }));
    const results: (readonly TokenEntity[])[] = [];
    await overRows(run, rows, { ...options, pad, wanted: ["logits"] }, (row, outputs, index) => {
      const { tokens } = rows[row]!;
      const logits = rowOf(outputs.logits!, index);
      const classes = outputs.logits!.shape[2]!;
      const { offsets } = tokenizer.encode(texts[row]!, { addSpecialTokens: true });
      results[row] = Array.from(tokens).flatMap((token, place): TokenEntity[] => {
        if (tokenizer.vocabulary.isSpecial(token)) return [];
        const scores = softmaxOf(logits.subarray(place * classes, (place + 1) * classes));
        const best = scores.indexOf(Math.max(...scores));
        const at = offsets && { start: offsets[2 * place]!, end: offsets[2 * place + 1]! };
        const word = tokenizer.vocabulary.tokenOf(token);
        return [{ entity: labelOf(config, best), score: scores[best]!, index: place, word, ...at }];
      });
    });
    const kept = (label: string): boolean => !ignoreLabels.includes(label);
    if (aggregationStrategy === "none") return results.map((own) => own.filter(({ entity }) => kept(entity)));
    return results.map((own, row) => {
      const groups = grouped(own).map((members) => {
        const first = members[0]!;
        const text = texts[row]!;
        const { start } = first;
        const { end } = members.at(-1)!;
        const spelled = members.map(({ word }) => tokenizer.vocabulary.idOf(word) as number);
        const word = start !== undefined && end !== undefined ? text.slice(start, end) : tokenizer.decode(spelled);
        const score = members.reduce((sum, member) => sum + member.score, 0) / members.length;
        const at = { ...(start !== undefined && { start }), ...(end !== undefined && { end }) };
        return { entityGroup: bare(first.entity), score, word, ...at };
      });
      return groups.filter(({ entityGroup }) => kept(entityGroup));
    });
  };
}

/** A class without the mark of its begin (B-) or its inside (I-). */
const bare = (entity: string): string => entity.replace(/^[BI]-/, "");

/** Tokens of one class beside each other; one that begins (B-) is another. */
function grouped(tokens: readonly TokenEntity[]): readonly (readonly TokenEntity[])[] {
  const groups: TokenEntity[][] = [];
  for (const token of tokens) {
    const last = groups.at(-1)?.at(-1);
    const goesOn = last && last.index + 1 === token.index && bare(last.entity) === bare(token.entity);
    if (goesOn && !token.entity.startsWith("B-")) groups.at(-1)!.push(token);
    else groups.push([token]);
  }
  return groups;
}
