import { basename } from "node:path";
import {
  analogy,
  encodeVectors,
  type Neighbour,
  nearest,
  type ReadVectors,
  readText,
  readVectors,
  type TextEncodingName,
  textEncodings,
  trainGlove,
  trainWord2Vec,
  vectorLines,
  type WordVectors,
} from "@relpos/text";
import type { Command } from "commander";
import { type BackendRequest, chooseBackend, startBackend } from "../backends/load.js";
import type { CliContext } from "../context.js";
import { CliError } from "../errors.js";
import { openNewFile } from "../folder-store.js";
import { inputSource, withData } from "../input-source.js";
import { listenForInterruption } from "../interrupt.js";
import { statusLine } from "../status-line.js";
import { addFlags, backendFlags } from "./flags.js";
import { oneOf, realNumber, wholeNumber } from "./parsers.js";

interface ReadFlags {
  readonly limit?: number;
  readonly textEncoding: TextEncodingName;
  readonly onError: "throw" | "skip";
  readonly count: number;
  readonly json?: true;
}

interface TrainFlags extends BackendRequest {
  readonly out: string;
  readonly method: "word2vec" | "glove";
  readonly width?: number;
  readonly window?: number;
  readonly epochs?: number;
  readonly batch?: number;
  readonly learningRate?: number;
  readonly minFrequency?: number;
  readonly vocabularySize?: number;
  readonly seed?: number;
}

const examples = `
Examples:
  $ relpos vectors info glove.6B.50d.txt
  $ relpos vectors nearest glove.6B.50d.txt river
  $ relpos vectors analogy GoogleNews.bin.gz man king woman --limit 200000
  $ relpos vectors train book.txt --method glove --out book.safetensors`;

const reading = {
  "How vectors are read:": [
    { flags: "--limit <words>", description: "only the first words (default: all)", parse: wholeNumber("--limit", 1) },
    {
      flags: "--text-encoding <name>",
      description: textEncodings.join(", "),
      parse: oneOf("--text-encoding", textEncodings),
      default: "utf-8",
    },
    {
      flags: "--on-error <what>",
      description: "rows that are wrong: throw, or skip and count them",
      parse: oneOf("--on-error", ["throw", "skip"]),
      default: "throw",
    },
    { flags: "--json", description: "print JSON in place of text" },
  ],
};

const counting = {
  "What is shown:": [
    { flags: "--count <words>", description: "how many words", parse: wholeNumber("--count", 1), default: 10 },
  ],
  ...reading,
};

const training = {
  "What is trained:": [
    {
      flags: "--method <name>",
      description: "word2vec (skip-gram, negative sampling) or glove",
      parse: oneOf("--method", ["word2vec", "glove"]),
      default: "word2vec",
    },
    { flags: "--width <number>", description: "numbers of a vector (default: 100)", parse: wholeNumber("--width", 1) },
    { flags: "--window <words>", description: "words on each side (default: 5)", parse: wholeNumber("--window", 1) },
    { flags: "--epochs <number>", description: "passes (default: 5, glove 25)", parse: wholeNumber("--epochs", 1) },
    { flags: "--batch <pairs>", description: "pairs in a step (default: 1024)", parse: wholeNumber("--batch", 1) },
    {
      flags: "--learning-rate <number>",
      description: "of AdaGrad (default: 0.05)",
      parse: realNumber("--learning-rate", 0, Number.POSITIVE_INFINITY, 0.05),
    },
    {
      flags: "--min-frequency <times>",
      description: "rarer words are left out (default: 5)",
      parse: wholeNumber("--min-frequency", 1),
    },
    {
      flags: "--vocabulary-size <words>",
      description: "the most words (default: all)",
      parse: wholeNumber("--vocabulary-size", 2),
    },
    {
      flags: "--seed <number>",
      description: "of first values and order (default: 0)",
      parse: wholeNumber("--seed", 0),
    },
  ],
  "Where it runs and writes:": [
    {
      flags: "-o, --out <file>",
      description: "a name in .safetensors, or .vec for text",
      default: "vectors.safetensors",
    },
    ...backendFlags,
  ],
};

const file = [
  "<file>",
  "GloVe or word2vec text, fastText .vec, word2vec .bin, .safetensors; each may end in .gz",
] as const;

/** `relpos vectors`: word vectors, looked into and trained. */
export function addVectorsCommand(program: Command, context: CliContext): void {
  const vectors = program
    .command("vectors")
    .helpCommand(false)
    .description("look into word vectors, or train them")
    .addHelpText("after", examples);
  addFlags(vectors.command("info").argument(...file), reading)
    .description("how many words and numbers, and what is wrong with the file")
    .action((path: string, flags: ReadFlags) => showInfo(path, flags, context));
  addFlags(
    vectors
      .command("nearest")
      .argument(...file)
      .argument("<word>"),
    counting,
  )
    .description("the words whose vectors point where a word's does")
    .action((path: string, word: string, flags: ReadFlags) =>
      showNeighbours(path, flags, context, (vectors) => nearest(vectors, word, flags)),
    );
  addFlags(
    vectors
      .command("analogy")
      .argument(...file)
      .argument("<first>")
      .argument("<second>")
      .argument("<third>"),
    counting,
  )
    .description("the words that are to the third as the second is to the first")
    .action((path: string, first: string, second: string, third: string, flags: ReadFlags) =>
      showNeighbours(path, flags, context, (vectors) => analogy(vectors, [first, second, third], flags)),
    );
  addFlags(vectors.command("train").argument("<file>", "a text in UTF-8, a document in each line"), training)
    .description("train word vectors on a text")
    .action((path: string, flags: TrainFlags) => runTraining(path, flags, context));
}

async function read(path: string, { limit, textEncoding: encoding, onError }: ReadFlags): Promise<ReadVectors> {
  const source = await inputSource(path);
  const options = { encoding, onError, ...(limit !== undefined && { limit }) };
  return withData(
    () => readVectors(source, options),
    "mend it, try another --text-encoding, or leave wrong rows out with --on-error skip",
  );
}

async function showInfo(path: string, flags: ReadFlags, { console }: CliContext): Promise<void> {
  const { vectors, report } = await read(path, flags);
  const { words, width } = vectors;
  if (flags.json) {
    console.out(`${JSON.stringify({ words: words.length, width, ...report }, undefined, 2)}\n`);
    return;
  }
  console.out(
    `words:    ${words.length}\nwidth:    ${width}\nfirst:    ${words.slice(0, 8).join(" ")}\nleft out: ${report.skipped}\n`,
  );
  for (const { line, rule } of report.problems.slice(0, 10)) console.out(`  line ${line}: ${rule}\n`);
}

async function showNeighbours(
  path: string,
  flags: ReadFlags,
  { console }: CliContext,
  find: (vectors: WordVectors) => readonly Neighbour[],
): Promise<void> {
  const { vectors, report } = await read(path, flags);
  const found = await withData(async () => find(vectors), "try another word, or a larger --limit");
  if (flags.json) console.out(`${JSON.stringify(found, undefined, 2)}\n`);
  else for (const { word, similarity } of found) console.out(`${similarity.toFixed(4)}  ${word}\n`);
  if (report.skipped > 0) console.error(`left out ${report.skipped} rows; see \`relpos vectors info\`\n`);
}

async function runTraining(path: string, flags: TrainFlags, { console, setExitCode }: CliContext): Promise<void> {
  const { out, method, backend: _, device: __, threads: ___, ...settings } = flags;
  if (!/\.(safetensors|vec)$/.test(out))
    throw new CliError(`--out ${out} must end in .safetensors or .vec`, "for example --out vectors.vec");
  const source = await inputSource(path);
  const chosen = await chooseBackend(flags);
  const store = await openNewFile(out);
  const interruption = listenForInterruption(console);
  const backend = await startBackend(chosen);
  const { show, stop } = statusLine(console);
  try {
    const options = {
      ...settings,
      signal: interruption.signal,
      onStep: ({ step, steps, loss }: { step: number; steps: number; loss: number }) =>
        show(step / steps, () => `step ${step} of ${steps}, loss ${loss.toFixed(4)}`),
    };
    const train = method === "glove" ? trainGlove : trainWord2Vec;
    const vectors = await withData(
      () => train(backend, textsOf(readText(source)), options),
      "try another text or a lower --min-frequency",
    );
    const text = () => new TextEncoder().encode([...vectorLines(vectors)].join(""));
    await store.write(basename(out), out.endsWith(".vec") ? text() : encodeVectors(vectors));
    stop();
    console.out(`${vectors.words.length} words of width ${vectors.width}: ${out}\n`);
  } catch (error) {
    stop();
    if (!interruption.signal.aborted) throw error;
    console.error("stopped; nothing was written\n");
    setExitCode(interruption.exitCode());
  } finally {
    interruption.release();
    await backend.close();
  }
}

async function* textsOf(records: AsyncIterable<{ readonly text: string }>): AsyncGenerator<string> {
  for await (const { text } of records) yield text;
}
