import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Bytes of a module after bundling with what it imports, minifying and gzip. */
export async function gzippedSize(folder: string, module: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: module, resolveDir: folder },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    logLevel: "silent",
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
}
