import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build, defaultClientConditions, preview } from "vite";

/** A folder on a web server of this machine. */
export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/** What a page needs to have threads and shared memory. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const page = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>relpos</title>`;

/** Serves a folder of built files, with the headers of cross-origin isolation where asked for. */
export async function serveFolder(folder: string, isolated = false): Promise<Site> {
  const server = await preview({
    configFile: false,
    envFile: false,
    root: folder,
    logLevel: "silent",
    build: { outDir: folder },
    preview: { host: "127.0.0.1", port: 0, headers: isolated ? isolation : {} },
  });
  const url = server.resolvedUrls?.local[0];
  if (url === undefined) throw new Error("Vite's preview server has no address");
  return { url, close: () => server.close() };
}

/**
 * Builds a TypeScript module with Vite, workspace packages from their sources, and serves it from a temporary folder: an
 * empty page, and `main.js` beside it, which is the module.
 */
export async function serve(module: string, isolated = false): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), "relpos-browser-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await build({
      configFile: false,
      envFile: false,
      root: dirname(module),
      logLevel: "silent",
      base: "./",
      publicDir: false,
      resolve: { conditions: ["source", ...defaultClientConditions] },
      build: {
        outDir: folder,
        minify: false,
        modulePreload: false,
        rolldownOptions: {
          input: module,
          preserveEntrySignatures: "strict",
          output: { entryFileNames: "main.js" },
        },
      },
    });
    await writeFile(join(folder, "index.html"), page);
    const site = await serveFolder(folder, isolated);
    return { url: site.url, close: () => site.close().then(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}
