import type { CatalogueEntry } from "@relpos/catalogue";
import { SettingsError } from "./errors.js";
import { nearest } from "./nearest.js";
import { knownNames } from "./settings.js";

type Entries = Readonly<Record<string, CatalogueEntry>>;

/** The entry that a name or an alias stands for; errors with the nearest name where there is none. */
export function findEncoding(word: string, entries: Entries): CatalogueEntry {
  const entry = entries[resolveName(word, entries)];
  if (entry) return entry;
  const names = Object.keys(entries);
  const guess = nearest(word, [...names, ...Object.values(entries).flatMap(({ aliases }) => aliases)]);
  throw new SettingsError(
    `unknown encoding "${word}"`,
    `${guess ? `did you mean "${guess}"? ` : ""}${knownNames(names)}`,
  );
}

/** Names for names and aliases; `all` stands for every encoding that can be causal. */
export function resolveEncodings(words: readonly string[], entries: Entries): readonly string[] {
  return words.flatMap((word) => {
    if (word === "all" && !entries.all) return causalNames(entries);
    findEncoding(word, entries);
    return [resolveName(word, entries)];
  });
}

function resolveName(word: string, entries: Entries): string {
  if (Object.hasOwn(entries, word)) return word;
  const lower = word.toLowerCase();
  const found = Object.entries(entries).find(
    ([name, { aliases }]) => name.toLowerCase() === lower || aliases.some((alias) => alias.toLowerCase() === lower),
  );
  return found?.[0] ?? word;
}

function causalNames(entries: Entries): readonly string[] {
  return Object.entries(entries).flatMap(([name, { attention }]) => (attention === "bidirectional" ? [] : [name]));
}
