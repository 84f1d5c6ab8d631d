import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { families } from "../src/index.js";

test("the table of families names every one, and no other", () => {
  const readme = readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8");
  const table = readme.slice(readme.indexOf("| `model_type` |")).split("\n\n")[0] as string;
  const rows = table.split("\n").slice(2);
  const named = rows.flatMap((row) =>
    [...(row.split("|")[1] as string).matchAll(/`([^`]+)`/g)].map((match) => match[1]),
  );
  expect(named.sort()).toEqual(Object.keys(families).sort());
});
