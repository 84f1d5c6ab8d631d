import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { serveFolder, withPage } from "@relpos/browser";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runtimes, type WebBackend, webBackends } from "../src/backends.js";
import { expectTrained } from "../src/expected.js";
import { makeProject, type Project } from "../src/project.js";

type Bundle = (folder: string, out: string, beside: WebBackend["beside"]) => Promise<unknown>;

/** Builds the page of a project into a folder, as its users would. */
const bundlers: Readonly<Record<string, Bundle>> = {
  vite: (folder, out) => vite({ configFile: false, root: folder, logLevel: "error", build: { outDir: out } }),
  // It bundles neither workers nor files by their URLs: they are entry points of their own.
  esbuild: async (folder, out, beside) => {
    await mkdir(out);
    await copyFile(join(folder, "index.html"), join(out, "index.html"));
    return esbuild({
      entryPoints: [
        { in: "demo.js", out: "demo" },
        ...Object.entries(beside).map(([out, path]) => ({ in: join("node_modules", path), out })),
      ],
      absWorkingDir: folder,
      outdir: out,
      bundle: true,
      minify: true,
      format: "esm",
      loader: { ".wasm": "copy" },
      logLevel: "error",
    });
  },
};

/** Opens a built page and waits for what it prints. */
async function printedBy(folder: string, device: string): Promise<string> {
  const site = await serveFolder(folder);
  try {
    return await withPage({}, async (page) => {
      await page.goto(`${site.url}?device=${device}`);
      return (await page.locator("#done").textContent()) ?? "";
    });
  } finally {
    await site.close();
  }
}

describe.each(webBackends)("$name", ({ name, devices, runtime, beside }) => {
  let project: Project;
  beforeAll(async () => {
    project = await makeProject(["@relpos/core", name], ["train.js", "demo.js", "index.html"]);
    await writeFile(join(project.folder, "backend.js"), `export { provider } from "${name}";\n`);
  }, 180_000);
  afterAll(() => project?.remove());

  test("brings no runtime but its own", () => {
    expect(project.installed.filter((other) => runtimes.test(other) && !runtime.test(other))).toEqual([]);
  });

  describe.each(Object.entries(bundlers))("built with %s", (bundler, build) => {
    const out = () => join(project.folder, bundler);
    beforeAll(() => build(project.folder, out(), beside), 120_000);

    test.each(devices)("trains in Chromium on %s, as the sources do", async (device) => {
      await expectTrained(await printedBy(out(), device));
    });
  });
});
