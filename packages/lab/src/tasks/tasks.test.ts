import { type HostTensor, randomKey } from "@relpos/core";
import { describe, expect, test } from "vitest";
import { inBatches, type Row, type Rows } from "../data/rows.js";
import { type Task, taskNamed, tasks } from "./index.js";

const key = randomKey(5);
const lengths = [48, 64, 65, 128, 512];
const everyTask = Object.values(tasks).map((task) => ({ name: task.name, task }));

const numbers = (tensor: HostTensor) => [...tensor.data];
const rowsOf = (rows: Rows): Row[] => Array.from({ length: rows.count }, (_, index) => rows.row(index));

/** The symbols of a row: what is fed, and the label of the last that is scored. */
function words(task: Task, { tokens, labels, weights }: Row): string[] {
  const last = weights.lastIndexOf(1);
  return [...tokens.subarray(0, last + 1), labels[last] as number].map((token) => task.vocabulary[token] as string);
}

/** The symbols that must be predicted. */
function answer(task: Task, { labels, weights }: Row): string[] {
  return [...labels].filter((_, index) => weights[index] === 1).map((token) => task.vocabulary[token] as string);
}

describe.each(everyTask)("$name", ({ task }) => {
  test("batches are a pure function of key and step", () => {
    const size = { batch: 4, length: 64 };
    expect(task.batch(key, 3, size)).toEqual(task.batch(key, 3, size));
    expect(task.batch(key, 4, size)).not.toEqual(task.batch(key, 3, size));
    expect(task.batch(randomKey(6), 3, size)).not.toEqual(task.batch(key, 3, size));
  });

  test.each(lengths)("has rows of length %i, tokens of the vocabulary, and something to score in each", (length) => {
    const { tokens, labels, weights } = task.batch(key, 0, { batch: 5, length });
    expect([tokens.shape, labels.shape, weights.shape]).toEqual([
      [5, length],
      [5, length],
      [5, length],
    ]);
    expect([tokens.dtype, labels.dtype, weights.dtype]).toEqual(["int32", "int32", "float32"]);
    for (const token of [...numbers(tokens), ...numbers(labels)]) expect(task.vocabulary[token]).toBeDefined();
    for (let row = 0; row < 5; row++) {
      expect(numbers(weights).slice(row * length, (row + 1) * length)).toContain(1);
    }
    expect(new Set(numbers(weights)).size).toBe(2);
  });

  test("labels are the next tokens", () => {
    for (const rows of task.evaluation(key, 128, 5)) {
      for (const { tokens, labels, weights } of rowsOf(rows)) {
        const end = Math.min(127, weights.lastIndexOf(1));
        expect([...labels.subarray(0, end)]).toEqual([...tokens.subarray(1, end + 1)]);
      }
    }
  });

  test("evaluation is a pure function of key, and not the training data", () => {
    const rows = task.evaluation(key, 64, 7);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    for (const [index, set] of rows.entries()) {
      expect(rowsOf(set)).toEqual(rowsOf(task.evaluation(key, 64, 7)[index] as Rows));
      expect([...inBatches(set, 4)].length).toBe(2);
      expect(numbers(inBatches(set, 7).batch(0).tokens)).not.toEqual(
        numbers(task.batch(key, 0, { batch: 7, length: 64 }).tokens),
      );
    }
  });

  test("can be set at its shortest length and not below", () => {
    task.batch(key, 0, { batch: 8, length: task.shortest });
    expect(() => task.batch(key, 0, { batch: 8, length: task.shortest - 1 })).toThrow(
      `[${task.name}] length must be at least ${task.shortest}, got ${task.shortest - 1}`,
    );
    expect(() => task.evaluation(key, task.shortest - 1, 1)).toThrow(`[${task.name}] length must be at least`);
  });
});

describe.each(["copy", "reverse"])("%s", (name) => {
  const task = taskNamed(name);
  const ordered = (letters: readonly string[]) => (name === "copy" ? letters : letters.toReversed());

  function checkRow(row: Row): number {
    const said = words(task, row);
    const instruction = said.indexOf(`<${name}>`);
    const letters = said.slice(1, instruction);
    expect(said).toEqual(["<start>", ...letters, `<${name}>`, ...ordered(letters), "<end>"]);
    expect(answer(task, row)).toEqual([...ordered(letters), "<end>"]);
    for (const letter of letters) expect(letter).toMatch(/^[a-z]$/);
    return letters.length;
  }

  test.each(lengths)("evaluation at length %i has as many letters as fit", (length) => {
    const [rows] = task.evaluation(key, length, 20);
    for (const row of rowsOf(rows as Rows)) expect(checkRow(row)).toBe(Math.floor((length - 2) / 2));
  });

  test("training has from 2 letters to as many as fit", () => {
    const { tokens, labels, weights } = task.batch(key, 0, { batch: 500, length: 16 });
    const counts = Array.from({ length: 500 }, (_, row) => {
      const part = (tensor: HostTensor) => tensor.data.slice(row * 16, (row + 1) * 16);
      return checkRow({
        tokens: part(tokens) as Int32Array,
        labels: part(labels) as Int32Array,
        weights: part(weights) as Float32Array,
      });
    });
    expect([...new Set(counts)].sort()).toEqual([2, 3, 4, 5, 6, 7]);
  });
});

describe("addition", () => {
  const task = taskNamed("addition");

  /** The digits of both numbers of a row, once their sum is checked. */
  function checkRow(row: Row): readonly number[] {
    const said = words(task, row).join("");
    const [, a, b, sum] = /^(\d+)\+(\d+)=(\d+)<end>$/.exec(said) as unknown as [string, string, string, string];
    const number = (lowestFirst: string) => BigInt([...lowestFirst].reverse().join(""));
    expect(number(a) + number(b)).toBe(number(sum));
    for (const one of [a, b, sum]) expect(one).toMatch(/^(?:\d|\d+[1-9])$/);
    expect(answer(task, row).join("")).toBe(`${sum}<end>`);
    return [a.length, b.length];
  }

  test.each([
    [63, 20],
    [303, 100],
    [64, 20],
    [66, 21],
  ])("evaluation at length %i adds numbers of %i digits", (length, count) => {
    const [rows] = task.evaluation(key, length, 20);
    for (const row of rowsOf(rows as Rows)) expect(checkRow(row)).toEqual([count, count]);
  });

  test("training draws the digits of either number, from one to as many as fit", () => {
    const { tokens, labels, weights } = task.batch(key, 0, { batch: 200, length: 12 });
    const counts = Array.from({ length: 200 }, (_, row) => {
      const part = (tensor: HostTensor) => tensor.data.slice(row * 12, (row + 1) * 12);
      return checkRow({
        tokens: part(tokens) as Int32Array,
        labels: part(labels) as Int32Array,
        weights: part(weights) as Float32Array,
      }).join();
    });
    expect([...new Set(counts)].sort()).toEqual(["1,1", "1,2", "1,3", "2,1", "2,2", "2,3", "3,1", "3,2", "3,3"]);
  });
});

describe("flip-flop", () => {
  const task = taskNamed("flip-flop");

  test.each(lengths)(
    "after r, at length %i, comes the bit that was written last, and only that is scored",
    (length) => {
      for (const rows of task.evaluation(key, length, 30)) {
        for (const row of rowsOf(rows)) {
          const said = words(task, row);
          expect(said[0]).toBe("w");
          expect(said.at(-2)).toBe("r");
          expect(said.length).toBe(length + (length % 2));
          const read: string[] = [];
          let memory = "";
          for (let index = 0; index < said.length; index += 2) {
            const [instruction, bit] = said.slice(index, index + 2);
            if (instruction === "w") memory = bit as string;
            if (instruction === "r") {
              expect(bit).toBe(memory);
              expect(row.weights[index]).toBe(1);
              read.push(memory);
            } else expect(row.weights[index]).toBe(0);
          }
          expect(answer(task, row)).toEqual(read);
        }
      }
    },
  );

  test.each([
    ["in-distribution", 0.8],
    ["sparse", 0.98],
    ["dense", 0.1],
  ])("%s: instructions are ignored with probability %f, others read and write evenly", (name, ignored) => {
    const rows = task.evaluation(key, 512, 100).find((rows) => rows.name === name) as Rows;
    const instructions = rowsOf(rows).flatMap((row) =>
      words(task, row)
        .filter((_, index) => index % 2 === 0)
        .slice(1, -1),
    );
    const share = (word: string) =>
      instructions.filter((instruction) => instruction === word).length / instructions.length;
    expect(Math.abs(share("i") - ignored)).toBeLessThan(0.01);
    expect(Math.abs(share("w") - share("r"))).toBeLessThan(0.02);
  });
});

describe("passkey", () => {
  const task = taskNamed("passkey");

  test.each([48, 64, 512])(
    "at length %i the number is said once, at the depth of its set, and asked for at the end",
    (length) => {
      const free = length + 1 - 28;
      const sets = task.evaluation(key, length, 20);
      expect(sets.map(({ name }) => name)).toEqual(["depth 0%", "depth 25%", "depth 50%", "depth 75%", "depth 100%"]);
      for (const [index, rows] of sets.entries()) {
        for (const row of rowsOf(rows)) {
          const said = words(task, row);
          const passkey = answer(task, row);
          expect(said.length).toBe(length + 1);
          expect(passkey.join("")).toMatch(/^\d{5}$/);
          const needle = Math.round((index / 4) * free);
          expect(said.slice(needle, needle + 13).join(" ")).toBe(
            `the pass key is ${passkey.join(" ")} . remember it .`,
          );
          expect(said.slice(-15).join(" ")).toBe(`what is the pass key ? the pass key is ${passkey.join(" ")}`);
          expect(said.filter((word) => /\d/.test(word)).length).toBe(10);
        }
      }
    },
  );

  test("training has needles everywhere", () => {
    const { tokens } = task.batch(key, 0, { batch: 400, length: 48 });
    const digit = (token: number) => /\d/.test(task.vocabulary[token] as string);
    const places = Array.from({ length: 400 }, (_, row) =>
      tokens.data.slice(row * 48, (row + 1) * 48).findIndex(digit),
    );
    expect(Math.min(...places)).toBe(4);
    expect(Math.max(...places)).toBe(4 + 48 + 1 - 28);
    expect(new Set(places).size).toBe(48 + 1 - 28 + 1);
  });
});

test("an unknown task is an error that names the known ones", () => {
  expect(() => taskNamed("sort")).toThrow(
    '[task] name must be one of copy, reverse, addition, flip-flop, passkey, got "sort"',
  );
  expect(() => taskNamed("toString")).toThrow("[task]");
});
