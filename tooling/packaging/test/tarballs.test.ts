import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executeNode } from "../src/execute.js";
import { packAll, type Tarball } from "../src/tarballs.js";
import { publishedPackages } from "../src/workspace.js";

const attw = join(
  dirname(createRequire(import.meta.url).resolve("@arethetypeswrong/cli/package.json")),
  "dist/index.js",
);
const folder = mkdtempSync(join(tmpdir(), "relpos-packaging-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let tarballs: ReadonlyMap<string, Tarball>;
beforeAll(async () => {
  tarballs = await packAll(folder);
});

/** Objects inside a value, itself included. */
function objectsIn(value: unknown): readonly object[] {
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}

describe.each(publishedPackages.map((one) => [one.manifest.name, one] as const))("%s", (name, { folder: source }) => {
  const tarball = () => tarballs.get(name) as Tarball;
  const lint = () =>
    publint({ pack: { tarball: new Uint8Array(readFileSync(tarball().filename)).buffer }, strict: true });

  test("has nothing that publint objects to", async () => {
    const { messages, pkg } = await lint();
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  test("has nothing that attw objects to", async () => {
    await executeNode(folder, attw, [tarball().filename, "--profile", "esm-only", "--no-color"]);
  });

  test("holds the build, the readme and the license", () => {
    const files = tarball().files.map(({ path }) => path);
    expect(files.filter((path) => !path.startsWith("dist/")).sort()).toEqual(["LICENSE", "README.md", "package.json"]);
  });

  test("holds nothing that an earlier build left", () => {
    const files = tarball()
      .files.map(({ path }) => path)
      .filter((path) => path.startsWith("dist/"));
    const sourceOf = (path: string) => path.replace("dist/", "src/").replace(/(\.d\.ts|\.js)$/, ".ts");
    expect(files.filter((path) => !existsSync(join(source, sourceOf(path))))).toEqual([]);
  });

  test("says of itself what others must know, and nothing of the workspace", async () => {
    const { pkg } = await lint();
    expect(pkg).toMatchObject({ name, type: "module", license: "Apache-2.0", engines: { node: ">=20.19" } });
    expect(pkg).toMatchObject({ description: expect.any(String), keywords: expect.any(Array) });
    expect(pkg).toHaveProperty("sideEffects");
    expect(pkg).not.toHaveProperty("devDependencies");
    expect(objectsIn(pkg).flatMap(Object.keys)).not.toContain("source");
    expect(JSON.stringify(pkg)).not.toMatch(/"(workspace|catalog):/);
  });
});
