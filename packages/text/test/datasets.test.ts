import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { openSource } from "@relpos/checkpoints/safetensors";
import { randomKey } from "@relpos/core";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import {
  blobSource,
  bucketedBatches,
  bucketLengths,
  bytesSource,
  checkLargeText,
  collectLabels,
  type Dataset,
  joinDatasets,
  openLargeText,
  type Place,
  paddedBatches,
  readChats,
  readConversations,
  readJsonTexts,
  readLabeledJson,
  readLabeledLines,
  readLabeledTable,
  readParallel,
  readSquad,
  readTable,
  readText,
  readWholeText,
  shuffled,
  splitDataset,
  textSource,
  withKnownLabels,
} from "../src/index.js";
import { fileSource } from "../src/node/index.js";

const folder = mkdtempSync(join(tmpdir(), "relpos-text-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function all<Entry>(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const list: Entry[] = [];
  for await (const entry of entries) list.push(entry);
  return list;
}

const skip = { onError: "skip" } as const;

/** What a dataset says of its skipped records, after a pass: `line: rule`. */
async function problems(dataset: Dataset<Place>): Promise<readonly string[]> {
  await all(dataset);
  return dataset.report().problems.map(({ line, rule }) => `${line}: ${rule}`);
}

describe("text", () => {
  const text = "\ufeffone\r\n\n  two  \nthree";

  test("lines with their numbers, without blank ones, byte order mark and CR", async () => {
    const expected = [
      { file: "a.txt", line: 1, text: "one" },
      { file: "a.txt", line: 3, text: "  two  " },
      { file: "a.txt", line: 4, text: "three" },
    ];
    const dataset = readText(textSource(text, "a.txt"));
    expect(await all(dataset)).toEqual(expected);
    expect(await all(dataset)).toEqual(expected);
    expect(dataset.report()).toEqual({ records: 3, skipped: 0, problems: [] });
  });

  test("lines go on across pieces of any size", async () => {
    const bytes = new TextEncoder().encode("河水\nflows 🙂\n\nend");
    const pieces = {
      name: "p",
      open: async function* () {
        for (const byte of bytes) yield Uint8Array.of(byte);
      },
    };
    expect((await all(readText(pieces))).map(({ text }) => text)).toEqual(["河水", "flows 🙂", "end"]);
  });

  test("files, packed or not, and blobs", async () => {
    writeFileSync(join(folder, "a.txt"), text);
    writeFileSync(join(folder, "a.txt.gz"), gzipSync(text));
    const expected = ["one", "  two  ", "three"];
    const blob = new Blob([gzipSync(text)]);
    for (const source of [
      fileSource(join(folder, "a.txt")),
      fileSource(join(folder, "a.txt.gz")),
      blobSource(blob, "b.gz"),
    ]) {
      expect((await all(readText(source))).map(({ text }) => text)).toEqual(expected);
    }
    await expect(all(readText(fileSource(join(folder, "none.txt"))))).rejects.toThrow("ENOENT");
    await expect(all(readText(fileSource(join(folder, "none.txt.gz"))))).rejects.toThrow("ENOENT");
  });

  test("an empty file is an error", async () => {
    await expect(all(readText(textSource("", "e.txt")))).rejects.toThrow(
      "[readText] e.txt must hold at least one record, got an empty file",
    );
  });

  test("bytes that are no text are an error with file, line and byte; skipped where that is asked for", async () => {
    const source = bytesSource(Uint8Array.of(0x61, 10, 0x62, 0xff, 0x63, 10, 0x64, 0xe4, 10, 0x65), "bad.txt");
    await expect(all(readText(source))).rejects.toThrow(
      "[readText] bad.txt:2: must be text in utf-8, got 0xff as byte 2",
    );
    const dataset = readText(source, skip);
    expect((await all(dataset)).map(({ text }) => text)).toEqual(["a", "e"]);
    expect(dataset.report()).toEqual({
      records: 2,
      skipped: 2,
      problems: [
        { file: "bad.txt", line: 2, rule: "must be text in utf-8, got 0xff as byte 2" },
        { file: "bad.txt", line: 3, rule: "must be text in utf-8, got 0xe4 as byte 2" },
      ],
    });
    expect((await all(readText(source, { encoding: "windows-1252" }))).map(({ text }) => text)).toEqual([
      "a",
      "bÿc",
      "dä",
      "e",
    ]);
  });

  test("reading stops when asked to", async () => {
    const signal = AbortSignal.abort();
    await expect(all(readText(textSource("a\nb"), { signal }))).rejects.toThrow("abort");
  });
});

describe("labelled lines", () => {
  test("label first, or last", async () => {
    const [first] = await all(readLabeledLines(textSource("4 a gorgeous , witty film")));
    expect(first).toEqual({ file: "text", line: 1, text: "a gorgeous , witty film", labels: ["4"] });
    const [last] = await all(readLabeledLines(textSource("词汇阅读是关键\t3"), { label: "last", separator: "\t" }));
    expect(last).toMatchObject({ text: "词汇阅读是关键", labels: ["3"] });
  });

  test("a line without a label is an error", async () => {
    await expect(all(readLabeledLines(textSource("1 a\nnothing", "l.txt")))).rejects.toThrow(
      '[readLabeledLines] l.txt:2: a line must hold a label, " " and a text, got "nothing"',
    );
  });
});

describe("tables", () => {
  const csv = 'label,text\n1,"said ""no"", twice"\n0,"two\nlines"\n\n1,last\n';

  test("quotes, line breaks in fields, line numbers", async () => {
    expect(await all(readLabeledTable(textSource(csv, "t.csv")))).toEqual([
      { file: "t.csv", line: 2, text: 'said "no", twice', labels: ["1"] },
      { file: "t.csv", line: 3, text: "two\nlines", labels: ["0"] },
      { file: "t.csv", line: 6, text: "last", labels: ["1"] },
    ]);
  });

  test("TSV by its name, columns by option, several labels", async () => {
    const options = { columns: ["text", "label"], labelSeparator: "|", quote: false } as const;
    expect(await all(readLabeledTable(textSource('5" pipe\ta|b', "t.tsv"), options))).toEqual([
      { file: "t.tsv", line: 1, text: '5" pipe', labels: ["a", "b"] },
    ]);
  });

  test("a wrong column is an error that names those that there are", async () => {
    await expect(all(readLabeledTable(textSource(csv, "t.csv"), { label: "lable" }))).rejects.toThrow(
      '[readLabeledTable] t.csv must have a column "lable", got label, text',
    );
  });

  test("wrong rows are named, and the others read", async () => {
    const source = textSource('a,b\n1,2\n1,2,3\n"x"y,2\n3,4\n5,"open\n6,7\n', "w.csv");
    await expect(all(readTable(source))).rejects.toThrow("[readTable] w.csv:3: a row must have 2 fields, got 3");
    const dataset = readTable(source, skip);
    expect((await all(dataset)).map(({ row }) => row)).toEqual([
      { a: "1", b: "2" },
      { a: "3", b: "4" },
    ]);
    expect((await problems(dataset)).map((problem) => problem.slice(0, 30))).toEqual([
      "3: a row must have 2 fields, g",
      "4: Invalid Closing Quote: got ",
      "6: a quote must be closed, got",
    ]);
    await expect(all(readTable(textSource("a,b\n")))).rejects.toThrow("must hold at least one record");
  });
});

describe("JSON lines", () => {
  test("texts and labels", async () => {
    const source = textSource('{"text": "a", "label": 1}\n{"text": "b", "label": ["x", "y"]}\n');
    expect((await all(readLabeledJson(source))).map(({ text, labels }) => [text, labels])).toEqual([
      ["a", ["1"]],
      ["b", ["x", "y"]],
    ]);
  });

  test("what is wrong is told with its line", async () => {
    const source = textSource('{"text": "a"}\n{"text": 3}\n[1]\n{"txt": "b"}\nnope\n', "w.jsonl");
    expect(await problems(readJsonTexts(source, skip))).toEqual([
      '2: "text" must be a text, got 3',
      "3: a line must be a JSON object, got [1]",
      '4: must have a field "text", got txt',
      "5: a line must be a JSON object, got nope",
    ]);
  });

  test("conversations in their usual forms", async () => {
    const messages = [
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Hi!" },
    ];
    const forms = [
      { messages },
      messages,
      {
        conversations: [
          { from: "human", value: "Hello" },
          { from: "gpt", value: "Hi!" },
        ],
      },
    ];
    const source = textSource(forms.map((form) => JSON.stringify(form)).join("\n"));
    for (const record of await all(readChats(source))) expect(record.messages).toEqual(messages);
    expect(
      await problems(
        readChats(textSource('{"messages": [{"role": 1}]}\n{"messages": [{"role": "user", "content": "a"}]}'), skip),
      ),
    ).toEqual(['1: "messages" must be a list of messages with role and content, got [{"role":1}]']);
  });
});

describe("parallel text", () => {
  test("pairs of lines; blank ones on both sides are left out", async () => {
    const dataset = readParallel(textSource("a\n\nc", "x.en"), textSource("b\n\nd", "x.de"));
    expect(await all(dataset)).toEqual([
      { file: "x.en", line: 1, source: "a", target: "b" },
      { file: "x.en", line: 3, source: "c", target: "d" },
    ]);
  });

  test("a missing line is an error", async () => {
    await expect(all(readParallel(textSource("a\nb", "x.en"), textSource("c", "x.de")))).rejects.toThrow(
      "[readParallel] x.en:2: x.en must have as many lines as x.de, got more",
    );
    const blank = readParallel(textSource("a\nb", "x.en"), textSource("\nd", "x.de"), skip);
    expect(await problems(blank)).toEqual(["1: a line must not be blank where its translation is not"]);
  });
});

describe("SQuAD", () => {
  const file = (answers: readonly object[], more: object = {}) =>
    textSource(
      JSON.stringify(
        {
          data: [
            {
              title: "T",
              paragraphs: [
                { context: "🙂 The river rises.", qas: [{ id: "q1", question: "What?", answers, ...more }] },
              ],
            },
          ],
        },
        undefined,
        1,
      ),
      "q.json",
    );

  test("answers begin where they say, counted in characters", async () => {
    const [record] = await all(readSquad(file([{ text: "river", answer_start: 6 }])));
    expect(record).toMatchObject({
      id: "q1",
      title: "T",
      question: "What?",
      line: 10,
      answers: [{ text: "river", start: 7 }],
    });
    expect(record?.context.slice(7, 12)).toBe("river");
  });

  test("answers that do not are errors, left out where that is asked for", async () => {
    const answers = [
      { text: "river", answer_start: 5 },
      { text: "rises", answer_start: 12 },
    ];
    await expect(all(readSquad(file(answers)))).rejects.toThrow(
      '[readSquad] q.json:10: answer "river" of q1 must begin at 5, got " rive"',
    );
    const dataset = readSquad(file(answers), skip);
    expect((await all(dataset))[0]?.answers).toEqual([{ text: "rises", start: 13 }]);
    expect(dataset.report()).toMatchObject({ records: 1, skipped: 1 });
    await expect(all(readSquad(file(answers.slice(0, 1)), skip))).rejects.toThrow(
      "must hold at least one record, got 1 that are wrong",
    );
  });

  test("questions without an answer", async () => {
    expect((await all(readSquad(file([], { is_impossible: true }))))[0]?.answers).toEqual([]);
  });

  test("what is no SQuAD is an error", async () => {
    await expect(all(readSquad(textSource("{", "q.json")))).rejects.toThrow("[readSquad] q.json:1: must be JSON");
    await expect(all(readSquad(textSource("{}", "q.json")))).rejects.toThrow(
      'q.json must have "data" with "paragraphs"',
    );
  });
});

describe("labels", () => {
  const labelled = (text: string) => readLabeledLines(textSource(text, "l.txt"));

  test("are collected, sorted by name, numbers by value", async () => {
    const labels = await collectLabels(labelled("10 a\n9 b\n10 c"));
    expect([labels.names, labels.counts, labels.idOf("10")]).toEqual([["9", "10"], [1, 2], 1]);
  });

  test("one class only is an error", async () => {
    await expect(collectLabels(labelled("1 a\n1 b"))).rejects.toThrow(
      '[collectLabels] l.txt must have at least two classes, got "1" alone',
    );
  });

  test("a label that training lacks is an error with its line", async () => {
    const labels = await collectLabels(labelled("0 a\n1 b"));
    await expect(all(withKnownLabels(labelled("0 a\n2 b"), labels))).rejects.toThrow(
      '[withKnownLabels] l.txt:2: label "2" must occur in training, which has 0, 1',
    );
    const dataset = withKnownLabels(labelled("0 a\n2 b"), labels, skip);
    expect((await all(dataset)).length).toBe(1);
    expect(dataset.report().skipped).toBe(1);
  });
});

describe("parts, order and batches", () => {
  const numbers = readText(textSource(Array.from({ length: 1000 }, (_, index) => index).join("\n")));
  const texts = async (dataset: AsyncIterable<{ text: string }>) =>
    (await all(dataset)).map(({ text }) => Number(text));

  test("both parts are the whole, the same for the same seed", async () => {
    const { training, validation } = splitDataset(numbers, { share: 0.2, seed: 1 });
    const [kept, held] = [await texts(training), await texts(validation)];
    expect([...kept, ...held].sort((a, b) => a - b)).toEqual(await texts(numbers));
    expect(held.length).toBeGreaterThan(150);
    expect(held.length).toBeLessThan(250);
    expect(await texts(splitDataset(numbers, { share: 0.2, seed: 1 }).validation)).toEqual(held);
    expect(await texts(splitDataset(numbers, { share: 0.2, seed: 2 }).validation)).not.toEqual(held);
  });

  test("shuffling keeps every entry; seed and epoch make the order", async () => {
    const order = await texts(shuffled(numbers, { seed: 1, buffer: 100 }));
    expect(order).not.toEqual(await texts(numbers));
    expect([...order].sort((a, b) => a - b)).toEqual(await texts(numbers));
    expect(await texts(shuffled(numbers, { seed: 1, buffer: 100 }))).toEqual(order);
    expect(await texts(shuffled(numbers, { seed: 1, buffer: 100, epoch: 1 }))).not.toEqual(order);
  });

  test("examples of like length share a batch; padding has mask 0", async () => {
    const examples = [[1], [1, 2, 3], [4], [5, 6, 7, 8]].map((ids) => ({ ids: Int32Array.from(ids) }));
    const batches = await all(paddedBatches(examples, { batch: 2, lengths: [2, 4], padToken: 9 }));
    expect(batches.map(({ tokens, mask }) => [tokens.shape, [...tokens.data], [...mask.data]])).toEqual([
      [
        [2, 2],
        [1, 9, 4, 9],
        [1, 0, 1, 0],
      ],
      [
        [2, 4],
        [1, 2, 3, 9, 5, 6, 7, 8],
        [1, 1, 1, 0, 1, 1, 1, 1],
      ],
    ]);
    const [short] = await all(
      paddedBatches(examples.slice(1, 2), { batch: 2, lengths: [2], padToken: 9, tooLong: "cut" }),
    );
    expect([[...(short?.tokens.data ?? [])], [...(short?.mask.data ?? [])]]).toEqual([
      [1, 2, 9, 9],
      [1, 1, 0, 0],
    ]);
    await expect(all(paddedBatches(examples, { batch: 2, lengths: [2], padToken: 9 }))).rejects.toThrow(
      '[paddedBatches] an example must have at most 2 tokens, or tooLong must be "cut", got 3',
    );
  });
});

describe("conversations in YAML", () => {
  const yaml = `categories:
- greetings
conversations:
- - Hello
  - Hi
- - How much?
  - 42
  - "Really?"
  - 'no: "never", it''s
    said'
- - alone
- - key: value
  - x
`;

  test("by turns of user and assistant, numbers as what is said", async () => {
    const dataset = readConversations(textSource(yaml, "talk.yml"), skip);
    expect(await all(dataset)).toEqual([
      {
        file: "talk.yml",
        line: 4,
        messages: [
          { role: "user", content: "Hello" },
          { role: "assistant", content: "Hi" },
        ],
      },
      {
        file: "talk.yml",
        line: 6,
        messages: [
          { role: "user", content: "How much?" },
          { role: "assistant", content: "42" },
          { role: "user", content: "Really?" },
          { role: "assistant", content: 'no: "never", it\'s said' },
        ],
      },
    ]);
    expect(dataset.report()).toMatchObject({ records: 2, skipped: 2, problems: [{ line: 11 }, { line: 12 }] });
  });

  test("what is wrong is told with its line", async () => {
    await expect(all(readConversations(textSource(yaml, "talk.yml")))).rejects.toThrow(
      "talk.yml:11: a conversation must be a list of at least two texts",
    );
    await expect(all(readConversations(textSource("a: [1\nb: 2", "b.yml")))).rejects.toThrow(
      /b\.yml:\d: must be YAML: /,
    );
    await expect(all(readConversations(textSource("a: 1", "c.yml")))).rejects.toThrow(
      'c.yml:1: must have a list "conversations"',
    );
  });

  test("of several files, one after another", async () => {
    const file = (name: string) => readConversations(textSource(yaml, name), skip);
    const joined = joinDatasets("both", [file("a.yml"), file("b.yml")]);
    expect((await all(joined)).map(({ file, line }) => `${file}:${line}`)).toEqual([
      "a.yml:4",
      "a.yml:6",
      "b.yml:4",
      "b.yml:6",
    ]);
    expect(joined.report()).toMatchObject({ records: 4, skipped: 4 });
  });
});

describe("a text that stays in its file", () => {
  const alphabet = ["a", "é", "文", "😀", "\n"];
  const text = Array.from({ length: 5000 }, (_, place) => alphabet[(place * place + 3 * place) % 5]).join("");
  const bytes = new TextEncoder().encode(text);

  test("is read from any byte on, in whole characters", async () => {
    const large = await openLargeText(openSource(bytes));
    expect(large.size).toBe(bytes.length);
    for (let start = 0; start < 40; start++) {
      const part = await large.read(start, 50);
      expect(text).toContain(part);
      expect(new TextEncoder().encode(part).length).toBeGreaterThanOrEqual(50 - 2 * 3);
    }
    expect(await large.read(0, bytes.length)).toBe(text);
    expect(await large.read(bytes.length - 4, 100)).toBe([...text].at(-1));
  });

  test("in parts by shares, with samples spread over them", async () => {
    const options = { pieces: 4, pieceBytes: 100 };
    const [first, last] = await Promise.all([
      openLargeText(openSource(bytes), { ...options, to: 0.9 }),
      openLargeText(openSource(bytes), { ...options, from: 0.9 }),
    ]);
    expect(first.size + last.size).toBe(bytes.length);
    expect(first.sample).toHaveLength(4);
    expect(text.startsWith(first.sample[0]!)).toBe(true);
    await expect(openLargeText(openSource(new Uint8Array()))).rejects.toThrow("must hold text, got an empty file");
  });

  test("lines that are no text are found, and left out", async () => {
    const wrong = Uint8Array.from([...Buffer.from("one\ntw"), 0xff, 0xfe, ...Buffer.from("o\nthree\n"), 0xc3]);
    await expect(checkLargeText(openSource(wrong))).rejects.toThrow(":2: must be text in utf-8, got 0xff as byte 3");
    expect(await checkLargeText(openSource(wrong), skip)).toMatchObject({
      skipped: 2,
      problems: [{ line: 2 }, { line: 4 }],
    });
    expect(await checkLargeText(openSource(bytes))).toEqual({ skipped: 0, problems: [] });
    const large = await openLargeText(openSource(wrong));
    expect(await large.read(0, 100)).toBe("one\nthree\n");
    expect(await readWholeText(bytesSource(wrong, "w.txt"), skip)).toMatchObject({ text: "one\nthree\n", skipped: 2 });
    await expect(readWholeText(bytesSource(wrong, "w.txt"))).rejects.toThrow("w.txt:2: must be text in utf-8");
  });
});

describe("batches of examples of like length", () => {
  test("have every example once in an epoch, and at most a filled batch more", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 3 }),
        (sizes, batch, epoch) => {
          const plan = bucketedBatches({ sizes, batch, key: randomKey(1) });
          const steps = Array.from({ length: plan.perEpoch }, (_, step) => plan.at(epoch * plan.perEpoch + step));
          const rows = steps.flatMap((step) => step.rows);
          expect(new Set(rows)).toEqual(new Set(sizes.keys()));
          expect(rows.length).toBeLessThan(sizes.length + plan.lengths.length * batch);
          for (const { length, rows: own } of steps) {
            expect(own).toHaveLength(batch);
            expect(plan.lengths).toContain(length);
            expect(Math.max(...own.map((row) => sizes[row]!))).toBeLessThanOrEqual(length);
          }
        },
      ),
    );
  });

  test("are the same whenever they are asked for, and others in the next epoch", () => {
    const sizes = Array.from({ length: 40 }, (_, row) => 1 + (row % 30));
    const plan = () => bucketedBatches({ sizes, batch: 8, key: randomKey(7) });
    const one = plan();
    const later = one.at(9);
    expect(plan().at(2)).toEqual(one.at(2));
    expect(plan().at(9)).toEqual(later);
    expect(one.at(0).rows).not.toEqual(one.at(one.perEpoch).rows);
    expect(one.lengths).toEqual(bucketLengths(sizes, 8, 4));
  });

  test("have the lengths with the fewest tokens, those that fill a last batch counted", () => {
    const sizes = [...Array(90).fill(20), ...Array(60).fill(7), 60];
    expect(bucketLengths(sizes, 10, 1)).toEqual([64]);
    expect(bucketLengths(sizes, 10, 2)).toEqual([24, 64]);
    expect(bucketLengths(sizes, 10, 3)).toEqual([8, 24, 64]);
    // One long example alone would fill a batch of its own: with 4 × 64 tokens the last batch of 24 is cheaper at 64.
    expect(bucketLengths([...Array(5).fill(20), 60], 8, 2)).toEqual([64]);
  });
});
