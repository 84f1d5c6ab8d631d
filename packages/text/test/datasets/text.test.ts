import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { openSource } from "@relpos/checkpoints/safetensors";
import { afterAll, describe, expect, test } from "vitest";
import {
  blobSource,
  bytesSource,
  checkLargeText,
  openLargeText,
  readText,
  readWholeText,
  textSource,
} from "../../src/index.js";
import { fileSource } from "../../src/node/index.js";
import { all, skip } from "./reading.js";

const folder = mkdtempSync(join(tmpdir(), "relpos-text-"));
afterAll(() => rmSync(folder, { recursive: true }));

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
