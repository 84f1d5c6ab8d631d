import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { chooseBackend, splitDevice, startBackend } from "../src/backends/load.js";
import { relpos, temporaryFolder } from "./captured.js";

const at = temporaryFolder();

const provider = (name: string): string =>
  `export const provider = { name: "${name}", summary: "", devices: ["cpu", "gpu"], create: async ({ device }) => {
    if (device === "gpu") throw new Error("[create] no driver was found");
    return { specVersion: 1, name: \`${name}:\${device}\`, close: async () => {} };
  } };`;

/** Writes a package; its module is what the manifest says, or index.js. */
async function makePackage(folder: string, manifest: object | undefined, file: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (manifest) await writeFile(`${folder}/package.json`, JSON.stringify({ type: "module", ...manifest }));
  await writeFile(`${folder}/${file}`, text);
}

beforeAll(async () => {
  const exports = { ".": { import: "./made.js" } };
  await makePackage(at("with-exports"), { name: "with-exports", exports }, "made.js", provider("exports"));
  await makePackage(at("with-main"), { main: "made.mjs" }, "made.mjs", provider("main"));
  await makePackage(at("bare"), undefined, "index.js", provider("bare"));
  await makePackage(at("unbuilt"), { name: "unbuilt", exports: "./dist/index.js" }, "source.js", "");
  await makePackage(at("empty"), undefined, "index.mjs", "export const backend = 1;");
  await makePackage(at("broken"), undefined, "index.mjs", 'import "a-package-that-is-not-there";');
  await makePackage(at("old"), undefined, "index.mjs", provider("old").replace("specVersion: 1", "specVersion: 0"));
  const installed = at("project", "node_modules");
  await makePackage(`${installed}/@someone/backend`, { exports }, "made.js", provider("installed"));
});

const nameOf = async (backend: string): Promise<string> => (await startBackend(await chooseBackend({ backend }))).name;

describe("a backend is found", () => {
  test.each([
    ["by the path of a folder, through its exports", "with-exports", "exports:cpu"],
    ["through its main file", "with-main", "main:cpu"],
    ["through index.js", "bare", "bare:cpu"],
    ["by the path of a file", "bare/index.js", "bare:cpu"],
  ])("%s", async (_, path, name) => {
    expect(await nameOf(at(path))).toBe(name);
  });

  test("by a path from the current folder, and as a package installed there", async () => {
    const cwd = vi.spyOn(process, "cwd").mockReturnValue(at("project"));
    try {
      expect(await nameOf("../bare")).toBe("bare:cpu");
      expect(await nameOf("@someone/backend:cpu")).toBe("installed:cpu");
    } finally {
      cwd.mockRestore();
    }
  });

  test("by its short name", async () => {
    expect(await nameOf("reference")).toBe("reference");
    expect((await chooseBackend({ backend: "ort-node" })).provider.devices).toContain("webgpu");
  });
});

describe("the device", () => {
  test("stands behind a colon", () => {
    expect(splitDevice("ort-node:webgpu")).toEqual({ name: "ort-node", device: "webgpu" });
    expect(splitDevice("@someone/backend:wasm")).toEqual({ name: "@someone/backend", device: "wasm" });
    expect(splitDevice("./folder")).toEqual({ name: "./folder", device: undefined });
    expect(splitDevice("C:\\folder")).toEqual({ name: "C:\\folder", device: undefined });
  });

  test("is the first, or the one that is asked for in either way", async () => {
    const device = async (backend: string, device?: string) =>
      (await chooseBackend({ backend, ...(device === undefined ? {} : { device }) })).device;
    expect(await device(at("bare"))).toBe("cpu");
    expect(await device(`${at("bare")}:gpu`)).toBe("gpu");
    expect(await device(at("bare"), "gpu")).toBe("gpu");
    expect(await device(`${at("bare")}:gpu`, "gpu")).toBe("gpu");
  });
});

describe("what is wrong is said in one line, with what to do", () => {
  const cases: readonly (readonly [string, () => readonly string[], string, number])[] = [
    [
      "a known package that is not installed",
      () => ["--backend", "tfjs:wasm"],
      "--backend tfjs: @relpos/backend-tfjs is not installed — npm install @relpos/backend-tfjs",
      2,
    ],
    [
      "a short name misspelt",
      () => ["--backend", "ortnode"],
      "--backend ortnode: there is no such backend or installed package — did you mean ort-node?",
      2,
    ],
    [
      "an unknown name",
      () => ["--backend", "abacus-of-beads"],
      "--backend abacus-of-beads: there is no such backend or installed package — take ort-node, reference, tfjs, ort-web, an installed package, or a path such as ./backend",
      2,
    ],
    [
      "a path without ./",
      () => ["--backend", "package.json"],
      "--backend package.json: there is no such backend or installed package — did you mean ./package.json?",
      2,
    ],
    [
      "a path that leads nowhere",
      () => ["--backend", "./nowhere"],
      "--backend ./nowhere: there is no such file or folder — name the folder of a package",
      2,
    ],
    [
      "a package that is not built",
      () => ["--backend", at("unbuilt")],
      "unbuilt/dist/index.js — build the package first",
      2,
    ],
    [
      "a module that cannot be loaded",
      () => ["--backend", at("broken/index.mjs")],
      "broken/index.mjs cannot be loaded: Cannot find package 'a-package-that-is-not-there'",
      1,
    ],
    [
      "a module without a provider",
      () => ["--backend", at("empty/index.mjs")],
      "exports no backend — a package of a backend exports a `provider` with a name, devices and create",
      2,
    ],
    [
      "a device that it has not",
      () => ["--backend", `${at("bare")}:tpu`],
      "bare has no device tpu — use --device cpu or gpu",
      2,
    ],
    [
      "two devices",
      () => ["--backend", "ort-node:cpu", "--device", "cuda"],
      "--backend ort-node:cpu and --device cuda exclude each other — leave one out",
      2,
    ],
  ];
  test.each(cases)("%s", async (_, flags, message, expected) => {
    const { code, out, error } = await relpos("compare", "--out", at("bad"), ...flags());
    expect(error).toContain(message);
    expect(error).toMatch(/^error: [^\n]+ — [^\n]+\n$/);
    expect({ code, out }).toEqual({ code: expected, out: "" });
    expect(existsSync(at("bad"))).toBe(false);
  });

  test("a device that cannot be started, and another version of the interface", async () => {
    const gpu = await relpos("compare", "--out", at("gpu"), "--backend", `${at("bare")}:gpu`);
    expect(gpu.error).toBe(`error: --backend ${at("bare")}: no driver was found — try --device cpu\n`);
    expect(gpu.code).toBe(1);
    const old = await relpos("compare", "--out", at("old-out"), "--backend", at("old/index.mjs"));
    expect(old.error).toContain("it has version 0 of the interface, this program has version 1 — try ");
  });
});
