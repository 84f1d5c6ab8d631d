import { contextLengthOf } from "@relpos/checkpoints";
import { check } from "@relpos/core";
import type { GenerateOptions, TextGeneratorOptions } from "./text-generator.js";

type Fields = Readonly<Record<string, unknown>>;

/** Options by the names that generation_config.json has for them. */
const numbers = {
  max_new_tokens: "maxNewTokens",
  min_p: "minP",
  repetition_penalty: "repetitionPenalty",
  temperature: "temperature",
  top_k: "topK",
  top_p: "topP",
} as const satisfies Readonly<Record<string, keyof GenerateOptions>>;

/**
 * What a checkpoint's files say of generation. As in transformers nothing is drawn unless `do_sample` says so, and end tokens
 * of generation_config.json go before those of config.json. Errors name a setting of another kind.
 */
export function generationSettings(config: Fields, generation: Fields): TextGeneratorOptions {
  const drawn = given(generation, "do_sample") ?? false;
  check(typeof drawn === "boolean", "generationConfig", () => `do_sample must be true or false, got ${drawn}`);
  const options = Object.entries(numbers).flatMap(([name, option]) => {
    const value = given(generation, name);
    check(value === undefined || typeof value === "number", "generationConfig", () => {
      return `${name} must be a number, got ${JSON.stringify(value)}`;
    });
    return value === undefined ? [] : [[option, value] as const];
  });
  const contextLength = contextLengthOf(config);
  return {
    defaults: { ...Object.fromEntries(options), doSample: drawn },
    endTokens: tokensOf(given(generation, "eos_token_id") ?? given(config, "eos_token_id")),
    ...(contextLength !== undefined && { contextLength }),
  };
}

/** A setting, `undefined` where it is absent or null. */
const given = (fields: Fields, name: string): unknown => fields[name] ?? undefined;

function tokensOf(value: unknown): readonly number[] {
  const list = Array.isArray(value) ? value : value === undefined ? [] : [value];
  check(
    list.every((token) => Number.isInteger(token)),
    "generationConfig",
    () => `eos_token_id must be a token or a list of them, got ${JSON.stringify(value)}`,
  );
  return list as readonly number[];
}
