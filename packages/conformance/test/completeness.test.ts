import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DType } from "@relpos/core";
import { expect, test } from "vitest";
import { primitiveNames } from "../src/cases/primitive/primitive-cases.js";
import { compositeNames, conformanceCases } from "../src/index.js";

const cases = conformanceCases();
const of = (prefix: string) => cases.filter(({ name }) => name.startsWith(prefix));
const core = join(import.meta.dirname, "../../core/src");

test("the kit knows every composite of core", () => {
  const sources = readdirSync(core, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join(core, file), "utf8"))
    .join("\n");
  // `const x = defineComposite<…>({ name: "x"` and `const x = elementwise<…>("x"`
  const defined = [
    ...sources.matchAll(/^const \w+ = (?:defineComposite|elementwise)<[^(]*\(\{?\s*(?:name: )?"(\w+)"/gm),
  ];
  const calls = sources.match(/^const \w+ = (?:defineComposite|elementwise)\b/gm);
  expect(defined.map((match) => match[1]).sort()).toEqual([...compositeNames].sort());
  expect(calls).toHaveLength(compositeNames.length);
});

test("every primitive is computed and differentiated, in the quick set too", () => {
  for (const primitive of primitiveNames) {
    for (const group of ["primitive", "gradient"]) {
      const own = of(`${group}/${primitive}/`);
      expect(own.length, `${group}/${primitive}`).toBeGreaterThan(0);
      expect(
        own.some(({ quick }) => quick),
        `${group}/${primitive}`,
      ).toBe(true);
    }
  }
});

test("every composite is computed and differentiated, in the quick set too", () => {
  for (const composite of compositeNames) {
    for (const group of ["composite", "gradient"]) {
      const own = of(`${group}/${composite}/`);
      expect(own.length, `${group}/${composite}`).toBeGreaterThan(0);
      expect(
        own.some(({ quick }) => quick),
        `${group}/${composite}`,
      ).toBe(true);
    }
  }
});

test("every primitive that takes an element type is tried with it", () => {
  const typesOf = (primitive: string): ReadonlySet<string | undefined> =>
    new Set(of(`primitive/${primitive}/`).map(({ name }) => name.split("/")[2]));
  const reals: readonly DType[] = ["float32", "float16", "bfloat16"];
  const numbers: readonly DType[] = [...reals, "int32", "int8", "uint8"];
  const everything: readonly DType[] = [...numbers, "bool"];
  const logical = ["logicalNot", "logicalAnd", "logicalOr"];
  const onlyReal = ["floor", "exp", "log", "sqrt", "sin", "cos", "tanh", "erf", "matMul"];
  const alsoBool = [
    ...["constant", "cast", "stopGradient", "equal", "less", "lessOrEqual", "where", "reshape", "transpose", "expand"],
    ...["slice", "pad", "concat", "gather", "gatherElements"],
  ];
  for (const primitive of primitiveNames) {
    const expected = logical.includes(primitive)
      ? ["bool"]
      : onlyReal.includes(primitive)
        ? reals
        : alsoBool.includes(primitive)
          ? everything
          : numbers;
    expect([...typesOf(primitive)].sort(), primitive).toEqual([...expected].sort());
  }
});

test("names are unique and begin with their group; the quick set is quick", () => {
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  for (const { name, group } of cases) expect(name.startsWith(`${group}/`), name).toBe(true);
  const quick = cases.filter((each) => each.quick).length;
  expect(quick).toBeGreaterThan(250);
  expect(quick).toBeLessThan(400);
});
