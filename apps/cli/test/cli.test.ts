import { readFile } from "node:fs/promises";
import { catalogue } from "@relpos/catalogue";
import { describe, expect, test } from "vitest";
import { relpos } from "./captured.js";

describe("relpos", () => {
  test("prints its version", async () => {
    expect(await relpos("--version")).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  test("lists the encodings, as table and as JSON", async () => {
    const table = await relpos("encodings");
    expect(table.code).toBe(0);
    expect(table.out).toMatch(
      /^alibi +1 +2021 +both +rotated-keys +reference +arXiv:2108\.12409\n {2}bias[^:]*: scores lowered/m,
    );
    const json = await relpos("encodings", "--json");
    expect(JSON.parse(json.out).map(({ name }: { name: string }) => name)).toEqual(Object.keys(catalogue));
  });

  test("helps, with an example of every command, which the README has too", async () => {
    const { out: help } = await relpos("--help");
    const known = [...help.slice(help.indexOf("Commands:")).matchAll(/^ {2}([a-z]+) /gm)].map(
      ([, name]) => name as string,
    );
    expect(known.length).toBeGreaterThan(15);
    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    for (const args of [[], ...known.map((name) => [name])]) {
      const { code, out } = await relpos(...args, "--help");
      expect([args, code]).toEqual([args, 0]);
      expect(readme).toMatch(new RegExp(`\\b${args[0] ?? "relpos"}\\b`));
      expect(out).toMatch(/Examples?:\n {2}\$ relpos /);
      for (const line of out.split("\n")) expect(line).not.toMatch(/undefined|\[object/);
    }
  });

  test("without a command prints the help, with code 2", async () => {
    const { code, error } = await relpos();
    expect(code).toBe(2);
    expect(error).toContain("Usage: relpos");
  });

  test("suggests a command", async () => {
    const { code, error } = await relpos("compar");
    expect(code).toBe(2);
    expect(error).toBe("error: unknown command 'compar' — did you mean compare?\n");
  });
});
