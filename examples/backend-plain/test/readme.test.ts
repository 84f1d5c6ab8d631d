import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const excerpts = [...read("README.md").matchAll(/^```ts\n\/\/ (.+)\n([\s\S]+?)^```/gm)];

describe("README", () => {
  test("has excerpts", () => expect(excerpts.length).toBeGreaterThan(4));

  test.each(excerpts.map(([, file, text]) => [file as string, text as string]))("quotes %s as it is", (file, text) => {
    expect(read(file)).toContain(text);
  });
});
