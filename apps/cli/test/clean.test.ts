import { writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { relpos, temporaryFolder } from "./captured.js";

const at = temporaryFolder();

beforeAll(async () => {
  await writeFile(at("a.txt"), "<p>Fish &amp; Chips: 12 Euro, see https://example.org!</p>\nＴＥＡ\n");
  await writeFile(at("bad.txt"), Uint8Array.of(0x61, 10, 0xff, 10));
});

describe("relpos clean", () => {
  test("prints the cleaned lines", async () => {
    expect(await relpos("clean", at("a.txt"))).toEqual({ code: 0, out: "fish chips euro see\ntea\n", error: "" });
    const { out } = await relpos("clean", at("a.txt"), "--steps", "html,numbers,spaces", "--numbers", "#");
    expect(out.split("\n")[0]).toBe("Fish & Chips: # Euro, see https://example.org!");
  });

  test("--show says what each step made of the first lines", async () => {
    const { out } = await relpos(
      "clean",
      at("a.txt"),
      "--show",
      "--lines",
      "1",
      "--steps",
      "html,stopWords,case,spaces",
    );
    expect(out).toBe(
      [
        "line 1: <p>Fish &amp; Chips: 12 Euro, see https://example.org!</p>",
        "  html         Fish & Chips: 12 Euro, see https://example.org! ",
        "  case         fish & chips: 12 euro, see https://example.org! ",
        "  stopWords    =",
        "  spaces       fish & chips: 12 euro, see https://example.org!",
        "",
      ].join("\n"),
    );
  });

  test("help lists the steps in their order", async () => {
    const { out } = await relpos("clean", "--help");
    expect(out).toMatch(/Steps:\n {2}html +.*\n {2}urls +.*\n {2}unicode/);
  });

  test("what is wrong ends with the line, or is left out", async () => {
    const { code, error } = await relpos("clean", at("bad.txt"));
    expect([code, error]).toEqual([
      1,
      "error: bad.txt:2: must be text in utf-8, got 0xff as byte 1 — mend it, or leave wrong lines out with --on-error skip\n",
    ]);
    expect(await relpos("clean", at("bad.txt"), "--on-error", "skip")).toEqual({
      code: 0,
      out: "a\n",
      error: "left out 1 lines; the first: line 2: must be text in utf-8, got 0xff as byte 1\n",
    });
    expect((await relpos("clean", at("none.txt"))).error).toMatch(
      /^error: cannot read .*none.txt: there is no such file — name a file that is there\n$/,
    );
    expect((await relpos("clean", at())).error).toMatch(
      /^error: cannot read .*: it is a folder — name a file that is there\n$/,
    );
    expect((await relpos("clean", at("a.txt"), "--steps", "html,speling")).error).toMatch(
      /--steps takes html, .* got "speling"/,
    );
  });
});
