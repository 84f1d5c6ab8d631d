import { describe, expect, test } from "vitest";
import {
  collectLabels,
  readLabeledLines,
  readLabeledTable,
  readTable,
  textSource,
  withKnownLabels,
} from "../../src/index.js";
import { all, problems, skip } from "./reading.js";

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
