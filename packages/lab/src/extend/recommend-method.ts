import { percent, shortNumber } from "../report/numbers.js";
import { mean } from "./measure-length.js";
import type { ExtendRecommendation, ExtendSettings, MethodAtLength, MethodResults, PossibleMethod } from "./results.js";

/** Perplexities that differ by less count as alike: then what finds more passkeys goes first. */
const alike = 1.02;

/** Share of passkeys that were found; nothing where none was asked for. */
export function foundShare({ passkey }: MethodAtLength): number | undefined {
  return passkey.possible ? mean(passkey.found) : undefined;
}

const at = ({ lengths }: PossibleMethod, length: number): MethodAtLength =>
  lengths.find((measured) => measured.length === length) as MethodAtLength;

/**
 * The method for the longest length: among those whose perplexity is within 2 % of the lowest there, the one that finds most
 * passkeys, then the one of the lowest perplexity.
 */
export function recommendMethod(
  methods: readonly MethodResults[],
  { lengths }: Pick<ExtendSettings, "lengths">,
  contextLength: number,
): ExtendRecommendation {
  const [shortest, longest] = [lengths[0] as number, lengths.at(-1) as number];
  const possible = methods.filter((method): method is PossibleMethod => method.possible);
  const perplexity = (method: PossibleMethod, length = longest): number => at(method, length).sliding.perplexity;
  const found = (method: PossibleMethod): number => foundShare(at(method, longest)) ?? 0;
  const lowest = Math.min(...possible.map((method) => perplexity(method)));
  const close = possible.filter((method) => perplexity(method) <= alike * lowest);
  const best = close.sort((a, b) => found(b) - found(a) || perplexity(a) - perplexity(b))[0];
  if (!best) return { method: "none", sentence: "No method could be measured." };
  const plain = possible.find(({ name }) => name === "none");
  const share = possible.some((method) => found(method) > 0) ? found(best) : undefined;
  const keys = share === undefined ? "" : `, ${percent(share)} of the passkeys found`;
  const beside =
    plain && plain !== best
      ? ` (as it is: ${shortNumber(perplexity(plain))}${share === undefined ? "" : `, ${percent(found(plain))}`})`
      : "";
  const what =
    best.name === "none"
      ? `read ${longest} tokens with the model as it is`
      : `read ${longest} tokens with --rope ${best.name}`;
  const change = plain ? perplexity(best, shortest) / perplexity(plain, shortest) - 1 : 0;
  const cost =
    change > 0.005 && lengths.length > 1 ? `; at ${shortest} tokens perplexity rises by ${percent(change)}` : "";
  return {
    method: best.name,
    sentence: `${capital(what)}: perplexity ${shortNumber(perplexity(best))}${keys}${beside}${cost}${worth(possible, best)}.`,
  };

  /** Whether the longest length pays at all, beside windows that the model reads as it is. */
  function worth(all: readonly PossibleMethod[], chosen: PossibleMethod): string {
    const own = all.find(({ name }) => name === "none");
    const within = lengths.filter((length) => length <= contextLength).at(-1);
    if (!own || within === undefined || within === longest) return "";
    const short = perplexity(own, within);
    return perplexity(chosen) <= short
      ? ""
      : `; windows of ${within} tokens, which it reads as it is, still predict better (${shortNumber(short)}): extend only for what lies further back`;
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
