import type { CacheClass, Hook } from "@relpos/core/encodings";
import { displayEntries } from "../report/tables.js";
import { indented } from "../report/wrap.js";
import type { EncodingDescription, ModelSizes, ParameterDescription } from "./description.js";
import { initialWords } from "./initial-values.js";

/** What each hook does, as a phrase. */
const hookWords: Readonly<Record<Hook, string>> = {
  embed: "puts positions into the embeddings",
  positions: "gives queries and keys other positions",
  state: "keeps a state of its own for each token",
  transform: "changes queries and keys, most often by turning them",
  bias: "adds to the scores, whatever the data",
  factors: "gives that bias as products of two vectors, which fused attention takes",
  relativeScores: "adds to the scores, by queries, keys and positions",
  scores: "makes the scores from queries, keys and positions",
  temperature: "multiplies the scores of each query",
  weights: "makes attention weights in place of softmax",
  values: "changes the output after the weights",
  carry: "gives the next layer's state of each token",
};

/** What a key/value cache must hold, as a phrase. */
const cacheWords: Readonly<Record<CacheClass, string>> = {
  "rotated-keys": "keys as the encoding made them; earlier ones never change",
  "raw-keys": "keys before the encoding, made anew at every step because earlier ones change",
  state: "keys before the encoding, and its own state of each token",
};

const attentionWords: Readonly<Record<EncodingDescription["attention"], string>> = {
  causal: "causal only",
  bidirectional: "bidirectional only",
  both: "causal and bidirectional",
};

const positionWords: Readonly<Record<EncodingDescription["positions"], string>> = {
  counted: "",
  given: "; drawn for each sequence, or made of its tokens",
};

const verifiedWords: Readonly<Record<EncodingDescription["verified"], string>> = {
  reference: "against the numbers of a reference implementation",
  formula: "against the paper's formula only",
};

/** The catalogue as text: a line of facts for each encoding, and one of hooks and summary below it. */
export function catalogueTable(descriptions: readonly EncodingDescription[], columns = 100): string {
  const header = ["name", "tier", "year", "attention", "cache", "verified", "paper"];
  const rows = descriptions.map(({ name, tier, year, attention, cache, verified, paper }) => [
    name,
    String(tier),
    String(year),
    attention,
    cache,
    verified,
    paper,
  ]);
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string => {
    const text = cells.map((cell, column) => cell.padEnd(widths[column]!)).join("  ");
    return cut(text.trimEnd(), columns);
  };
  const entries = rows.map((row, index) => {
    const { hooks, summary } = descriptions[index]!;
    const acts = hooks.length === 0 ? "no hooks" : hooks.join(", ");
    return `${line(row)}\n${indented(`${acts}: ${summary}`, 2, columns)}`;
  });
  const head = line(header);
  return `${head}\n${"─".repeat(Math.min(columns, head.length))}\n${entries.join("\n")}\n`;
}

/** One encoding explained, a fact a line. */
export function explainEncoding(description: EncodingDescription, sizes: ModelSizes, columns = 100): string {
  const title = indented(`${description.name}: ${description.summary}`, 0, columns);
  const facts = factsOf(description, sizes);
  const width = Math.max(...facts.map(([label]) => label.length)) + 4;
  const lines = facts.map(([label, values]) => {
    const text = values.map((value) => indented(value, width, columns, 2)).join("\n");
    return `  ${label}${text.slice(2 + label.length)}`;
  });
  return `${title}\n\n${lines.join("\n")}\n`;
}

/** Labels with one or more lines each. */
export function factsOf(
  description: EncodingDescription,
  sizes: ModelSizes,
): readonly (readonly [string, readonly string[]])[] {
  const { aliases, formula, paper, year, link, tier, attention, translationInvariant, hooks } = description;
  const { cache, maximumPositions, positions, models, verified } = description;
  const facts: readonly (readonly [string, readonly string[]])[] = [
    ["also called", aliases.length > 0 ? [aliases.join(", ")] : []],
    ["formula", [formula]],
    ["paper", [paper.includes(String(year)) ? paper : `${paper} (${year})`, ...(link ? [link] : [])]],
    ["tier", [String(tier)]],
    ["attention", [attentionWords[attention]]],
    [
      "translation",
      [
        translationInvariant
          ? "invariant: scores depend on differences of positions only"
          : "not invariant: the same words elsewhere get other scores",
      ],
    ],
    ["hooks", hooks.length > 0 ? hooks.map((hook) => `${hook}: ${hookWords[hook]}`) : ["none"]],
    ["parameters", parameterLines(description, sizes)],
    [
      "positions",
      [`${maximumPositions === undefined ? "no limit" : `${maximumPositions} exist`}${positionWords[positions]}`],
    ],
    ["cache", [`${cache}: ${cacheWords[cache]}`]],
    ["settings", settingLines(description)],
    ["models", [models.length > 0 ? models.join(", ") : "none known in production"]],
    ["verified", [verifiedWords[verified]]],
  ];
  return facts.filter(([, values]) => values.length > 0);
}

function parameterLines({ parameters }: EncodingDescription, sizes: ModelSizes): readonly string[] {
  if (parameters.length === 0) return ["none"];
  const { width, heads, layers, length } = sizes;
  return [
    ...parameters.map(describeParameter),
    `(at width ${width}, ${heads} heads of ${sizes.headSize}, ${layers} ${layers === 1 ? "layer" : "layers"}, length ${length})`,
  ];
}

function describeParameter({ name, shape, scope, initial }: ParameterDescription): string {
  const place = scope === "layer" ? ", one for each layer" : "";
  return `${name} [${shape.join(", ")}]${place}, at first ${initialWords(initial)}`;
}

function settingLines({ settings }: EncodingDescription): readonly string[] {
  const entries = displayEntries(settings);
  return [entries.length > 0 ? entries.join(", ") : "none"];
}

function cut(text: string, columns: number): string {
  const characters = [...text];
  return characters.length > columns ? `${characters.slice(0, columns - 1).join("")}…` : text;
}
