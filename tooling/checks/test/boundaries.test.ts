import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

// Who may import whom:
//   everything may import core; core imports nothing, not even Node;
//   onnx is imported by the ONNX Runtime backends and by export only;
//   a concrete backend is named by apps, tooling, examples and tests only, so every other package takes one as argument,
//   but for the conformance kit, whose oracle is the reference backend;
//   the example of a backend knows core alone, as outsiders do;
//   nothing imports an app, and sources import only what their package.json declares.

const root = resolve(import.meta.dirname, "../../..");

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface Package {
  readonly group: string;
  readonly manifest: Manifest;
  /** Relative to the repository, with the bare specifiers that the file imports. */
  readonly sources: readonly { readonly file: string; readonly imports: readonly string[] }[];
}

/** Package names and `node:` modules that a source text imports, static, dynamic or by require; the package's own left out. */
function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
  const pattern = /(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*["']([^"'\n]+)["']/g;
  return [...code.matchAll(pattern)].map((match) => match[1] ?? "").filter((name) => !/^[.#]/.test(name));
}

/** "@relpos/core/nn" → "@relpos/core". */
function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return name === "node_modules" || name === "dist" ? [] : filesBelow(path);
    return /\.[cm]?[jt]sx?$/.test(name) ? [path] : [];
  });
}

const packages: readonly Package[] = ["packages", "apps", "tooling", "examples"].flatMap((group) =>
  readdirSync(join(root, group))
    .map((name) => join(root, group, name))
    .filter((folder) => existsSync(join(folder, "package.json")))
    .map((folder) => ({
      group,
      manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest,
      sources: filesBelow(join(folder, "src"))
        .filter((path) => !/\.test\.[cm]?tsx?$/.test(path))
        .map((path) => ({ file: relative(root, path), imports: importsOf(readFileSync(path, "utf8")) })),
    })),
);

const isBackend = (name: string) => name.startsWith("@relpos/backend-");
const isApp = (name: string) => packages.some((other) => other.group === "apps" && other.manifest.name === name);

/** What stands in the way of `from` (in the folder group `group`) using the package `to` at run time, or undefined. */
function objection(from: string, group: string, to: string): string | undefined {
  if (from === to) return undefined;
  if (from === "@relpos/core") return "core imports nothing";
  if (isApp(to)) return "nothing imports an app";
  const writesOnnx = from.startsWith("@relpos/backend-ort-") || from === "@relpos/export";
  if (to === "@relpos/onnx" && group === "packages" && !writesOnnx) {
    return "onnx is for the ONNX Runtime backends and for export";
  }
  if (from === "@relpos/conformance" && to === "@relpos/backend-reference") return undefined;
  if (from === "@relpos/example-backend-plain" && to !== "@relpos/core") return "an outsider knows core alone";
  if (isBackend(to) && group === "packages") return "a package takes its backend as an argument";
  return undefined;
}

describe.each(packages.map((entry) => [entry.manifest.name, entry] as const))(
  "%s",
  (name, { group, manifest, sources }) => {
    const runtime = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies };

    test("imports only what it may", () => {
      const wrong = sources.flatMap(({ file, imports }) =>
        imports.flatMap((specifier) => {
          const why = objection(name, group, packageOf(specifier));
          return why ? [`${file} imports ${specifier}: ${why}`] : [];
        }),
      );
      expect(wrong).toEqual([]);
    });

    test("depends only on what it may", () => {
      const wrong = Object.keys(runtime).flatMap((to) => objection(name, group, to) ?? []);
      expect(wrong).toEqual([]);
    });

    test("declares what it imports", () => {
      const wrong = sources.flatMap(({ file, imports }) =>
        imports
          .filter((specifier) => !specifier.startsWith("node:") && packageOf(specifier) !== name)
          .filter((specifier) => !(packageOf(specifier) in runtime))
          .map((specifier) => `${file} imports ${specifier}`),
      );
      expect(wrong).toEqual([]);
    });
  },
);

describe("the check itself", () => {
  test("finds every form of import, and none in comments", () => {
    const text = `
      import { a } from "a";
      import type { B } from "@relpos/core/nn";
      export * from 'c';
      import "d";
      const e = await import("node:fs");
      const f = require("f");
      import { g } from "./g.js";
      import { h } from "#h";
      // import "comment"
      /* import "comment" */`;
    expect(importsOf(text)).toEqual(["a", "@relpos/core/nn", "c", "d", "node:fs", "f"]);
    expect(importsOf(text).map(packageOf)).toContain("@relpos/core");
  });

  test("objects to what the rules forbid, and to nothing else", () => {
    expect(objection("@relpos/core", "packages", "node:fs")).toBeDefined();
    expect(objection("@relpos/core", "packages", "@relpos/onnx")).toBeDefined();
    expect(objection("@relpos/core", "packages", "@relpos/core")).toBeUndefined();
    expect(objection("@relpos/lab", "packages", "@relpos/backend-ort-node")).toBeDefined();
    expect(objection("@relpos/lab", "packages", "@relpos/onnx")).toBeDefined();
    expect(objection("@relpos/lab", "packages", "relpos")).toBeDefined();
    expect(objection("@relpos/lab", "packages", "@relpos/core")).toBeUndefined();
    expect(objection("@relpos/backend-ort-node", "packages", "@relpos/onnx")).toBeUndefined();
    expect(objection("@relpos/export", "packages", "@relpos/onnx")).toBeUndefined();
    expect(objection("@relpos/conformance", "packages", "@relpos/backend-reference")).toBeUndefined();
    expect(objection("@relpos/conformance", "packages", "@relpos/backend-ort-node")).toBeDefined();
    expect(objection("@relpos/example-backend-plain", "examples", "@relpos/lab")).toBeDefined();
    expect(objection("@relpos/backend-ort-node", "packages", "@relpos/backend-reference")).toBeDefined();
    expect(objection("relpos", "apps", "@relpos/backend-ort-node")).toBeUndefined();
    expect(objection("@relpos/bench", "tooling", "@relpos/backend-reference")).toBeUndefined();
  });
});
