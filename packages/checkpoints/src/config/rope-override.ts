import { check } from "@relpos/core";

/** Another scaling by Hugging Face's names, as in `rope_parameters`: other frequencies for the rotary embedding. */
export type ScalingOverride =
  | { readonly type: "default" }
  | { readonly type: "linear" | "dynamic"; readonly factor: number; readonly original_max_position_embeddings?: number }
  | {
      readonly type: "yarn";
      readonly factor: number;
      readonly original_max_position_embeddings?: number;
      readonly beta_fast?: number;
      readonly beta_slow?: number;
      readonly attention_factor?: number;
      readonly mscale?: number;
      readonly mscale_all_dim?: number;
      readonly truncate?: boolean;
    }
  | {
      readonly type: "longrope";
      readonly factor: number;
      readonly original_max_position_embeddings?: number;
      readonly attention_factor?: number;
      /** Default: the configuration's own, or all 1. */
      readonly short_factor?: readonly number[];
      /** Default: the configuration's own, or factor^(2m/(r − 2)), where the paper's search begins. */
      readonly long_factor?: readonly number[];
    }
  | {
      readonly type: "llama3";
      readonly factor: number;
      readonly original_max_position_embeddings?: number;
      /** Default 1, as Llama 3.1. */
      readonly low_freq_factor?: number;
      /** Default 4, as Llama 3.1. */
      readonly high_freq_factor?: number;
    };

/** Other distances for the same frequencies, without training; decoders only. No configuration can hold them. */
export type RemapOverride =
  | {
      readonly type: "self-extend";
      /** How many positions share one beyond the window. Default 4. */
      readonly group?: number;
      /** Distances below it stay. Default: a quarter of the context, at most 1024. */
      readonly window?: number;
    }
  | {
      readonly type: "dual-chunk";
      /** Default: ¾ of the context. */
      readonly chunk?: number;
      /** Default: ⅛ of the context. */
      readonly window?: number;
    }
  | {
      readonly type: "rerope";
      /** Distances end at it. Default: a quarter of the context, at most 512. */
      readonly window?: number;
      /** Beyond the window distances grow so many times as slowly. Default: not at all. */
      readonly leak?: number;
    };

/** What is recommended first to reach a length. */
export interface AutoOverride {
  readonly type: "auto";
  readonly length: number;
}

/** What a checkpoint is opened with in place of its own rotary embedding. */
export type RopeOverride = ScalingOverride | RemapOverride | AutoOverride;

type Value = number | boolean | readonly number[];

/** A parameter: what it must be, and whether a value is that. */
interface Rule {
  readonly what: string;
  readonly fits: (value: unknown) => boolean;
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const atLeastOne: Rule = { what: "a number from 1", fits: (value) => isNumber(value) && value >= 1 };
const positive: Rule = { what: "a number above 0", fits: (value) => isNumber(value) && value > 0 };
const count: Rule = { what: "whole and positive", fits: (value) => Number.isInteger(value) && (value as number) > 0 };
const flag: Rule = { what: "true or false", fits: (value) => typeof value === "boolean" };
const factors: Rule = {
  what: "a list of numbers above 0",
  fits: (value) => Array.isArray(value) && value.length > 0 && value.every(positive.fits),
};

interface Method {
  readonly example: string;
  /** Its parameters; the first one may stand behind the colon without its name. */
  readonly parameters: Readonly<Record<string, Rule>>;
  /** Whether the first parameter must be given. */
  readonly needsFirst?: true;
}

const original = { original_max_position_embeddings: count };

const methods: Readonly<Record<RopeOverride["type"], Method>> = {
  default: { example: "default", parameters: {} },
  linear: { example: "linear:4", needsFirst: true, parameters: { factor: atLeastOne, ...original } },
  dynamic: { example: "dynamic:4", needsFirst: true, parameters: { factor: atLeastOne, ...original } },
  yarn: {
    example: "yarn:4",
    needsFirst: true,
    parameters: {
      factor: atLeastOne,
      ...original,
      beta_fast: positive,
      beta_slow: positive,
      attention_factor: positive,
      mscale: positive,
      mscale_all_dim: positive,
      truncate: flag,
    },
  },
  longrope: {
    example: "longrope:4",
    needsFirst: true,
    parameters: {
      factor: atLeastOne,
      ...original,
      attention_factor: positive,
      short_factor: factors,
      long_factor: factors,
    },
  },
  llama3: {
    example: "llama3:8",
    needsFirst: true,
    parameters: { factor: atLeastOne, ...original, low_freq_factor: positive, high_freq_factor: positive },
  },
  "self-extend": { example: "self-extend:group=4,window=512", parameters: { group: count, window: count } },
  "dual-chunk": { example: "dual-chunk", parameters: { chunk: count, window: count } },
  rerope: { example: "rerope:512", parameters: { window: count, leak: atLeastOne } },
  auto: { example: "auto:16384", needsFirst: true, parameters: { length: count } },
};

/** An example of every scaling as text. */
export const ropeExamples: readonly string[] = Object.values(methods).map(({ example }) => example);

/** Errors, naming what there is, unless a value is a scaling with parameters that it has. */
export function checkRope(value: RopeOverride): void {
  const { type, ...parameters } = value as { readonly type: unknown } & Readonly<Record<string, unknown>>;
  check(typeof type === "string" && Object.hasOwn(methods, type), "rope", () => {
    return `type must be one of ${Object.keys(methods).join(", ")}, got ${JSON.stringify(type)}`;
  });
  const { parameters: rules, needsFirst, example } = methods[type as RopeOverride["type"]];
  const names = Object.keys(rules);
  for (const [name, given] of Object.entries(parameters)) {
    if (given === undefined) continue;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    check(rule, "rope", () => {
      return `${type} takes ${names.length > 0 ? names.join(", ") : "no parameters"}, got ${name}`;
    });
    check(rule.fits(given), "rope", () => `${name} of ${type} must be ${rule.what}, got ${JSON.stringify(given)}`);
  }
  const [first] = names;
  check(!needsFirst || parameters[first as string] !== undefined, "rope", () => {
    return `${type} must have its ${first}, for example ${example}`;
  });
}

/**
 * A scaling that is written as text: `yarn:4`, `yarn:factor=4,beta_fast=16`, `self-extend:group=4,window=512`, `dual-chunk`.
 *
 * Errors name what is accepted.
 */
export function parseRope(text: string): RopeOverride {
  const [type = "", ...rest] = text.trim().split(":");
  check(Object.hasOwn(methods, type), "rope", () => {
    return `a scaling must be one of ${ropeExamples.join(" | ")}, got ${JSON.stringify(text)}`;
  });
  const [first] = Object.keys(methods[type as RopeOverride["type"]].parameters);
  const words = rest.join(":").split(",");
  const parameters = (rest.length === 0 ? [] : words).map((word, index) => {
    const [name = "", ...values] = word.split("=").map((part) => part.trim());
    const isNamed = values.length > 0;
    check(isNamed || (index === 0 && first !== undefined), "rope", () => {
      return `parameters of ${type} must be written as in ${methods[type as RopeOverride["type"]].example}, got ${JSON.stringify(word)}`;
    });
    return isNamed ? [name, parseValue(values.join("="))] : [first, parseValue(name)];
  });
  const override = { type, ...Object.fromEntries(parameters) } as RopeOverride;
  checkRope(override);
  return override;
}

/** Numbers, true and false; numbers with `/` between them are a list. Other words stay, for the error to show. */
function parseValue(word: string): Value | string {
  if (word === "true" || word === "false") return word === "true";
  const numbers = word.split("/").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (!numbers.every(Number.isFinite)) return word;
  return numbers.length > 1 ? numbers : (numbers[0] as number);
}

/** A scaling as `parseRope` reads it. */
export function formatRope({ type, ...parameters }: RopeOverride): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  const shown = (value: Value): string => (Array.isArray(value) ? value.join("/") : String(value));
  const [first] = Object.keys(methods[type].parameters);
  if (given.length === 0) return type;
  const [only] = given;
  if (given.length === 1 && only?.[0] === first) return `${type}:${shown(only?.[1] as Value)}`;
  return `${type}:${given.map(([name, value]) => `${name}=${shown(value as Value)}`).join(",")}`;
}
