import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openCheckpoint, type Progress } from "../src/index.js";

const fixture = join(import.meta.dirname, "fixtures", "llama_rope_bf16");
const names = ["config.json", "model.safetensors"] as const;
const files = new Map(names.map((name) => [name as string, new Uint8Array(readFileSync(join(fixture, name)))]));
const commit = "0123456789abcdef0123456789abcdef01234567";

const requests: { readonly url: string; readonly range: string | undefined }[] = [];

/** A server with the fixture below /plain/, and with what the hub answers for the model `maker/tiny`. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = decodeURIComponent(request.url ?? "");
  requests.push({ url, range: request.headers.range });
  if (url.startsWith("/api/models/maker/tiny/revision/")) {
    const siblings = [...names, "pytorch_model.bin", "nested/model.safetensors"].map((rfilename) => ({ rfilename }));
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        _id: "1",
        id: "maker/tiny",
        sha: commit,
        siblings,
        private: false,
        downloads: 0,
        likes: 0,
        gated: false,
        lastModified: "2026-01-01",
      }),
    );
    return;
  }
  const name = new RegExp(`^(?:/plain|/maker/tiny/resolve/${commit})/([^/?]+)`).exec(url)?.[1];
  const bytes = name === undefined ? undefined : files.get(name);
  if (!bytes) {
    response.writeHead(404, { "X-Error-Code": "RepoNotFound" }).end();
    return;
  }
  const [, first, last] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
  const [start, end] =
    first === undefined ? [0, bytes.length] : [Number(first), Math.min(Number(last) + 1, bytes.length)];
  response.writeHead(first === undefined ? 200 : 206, {
    etag: '"1"',
    "content-range": `bytes ${start}-${end - 1}/${bytes.length}`,
  });
  response.end(bytes.subarray(start, end));
}

const server = createServer(answer);
let origin: string;
let cacheFolder: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
beforeEach(async () => {
  requests.length = 0;
  cacheFolder = await mkdtemp(join(tmpdir(), "relpos-hub-"));
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

/** One parameter's values: enough to tell that the right file was read. */
async function firstNorm(...given: Parameters<typeof openCheckpoint>): Promise<number[]> {
  const checkpoint = await openCheckpoint(...given);
  const weights = await checkpoint.load();
  await checkpoint.close();
  return Array.from(weights["norm.scale"]?.data ?? []);
}

describe("a checkpoint opens the same from", () => {
  test("a folder, its URL, an address, and files that a user chose", async () => {
    const wanted = await firstNorm(fixture);
    expect(wanted).toHaveLength(48);
    const chosen = [...files].map(([name, bytes]) => new File([bytes], name));
    for (const source of [pathToFileURL(fixture), `${origin}/plain`, new URL(`${origin}/plain/`), chosen]) {
      expect(await firstNorm(source)).toEqual(wanted);
    }
  });
});

describe("the hub", () => {
  const options = () => ({ hubUrl: origin, cacheFolder });
  const snapshot = () => join(cacheFolder, "models--maker--tiny", "snapshots", commit);

  test("files are fetched once, with progress, and only those that a checkpoint needs", async () => {
    const progress: Progress[] = [];
    const first = await firstNorm("maker/tiny", { ...options(), onProgress: (event) => progress.push(event) });
    expect(first).toEqual(await firstNorm(fixture));
    const size = files.get("model.safetensors")?.length;
    expect(progress.at(-1)).toEqual({ status: "done", file: "model.safetensors", loaded: size, total: size });
    expect(progress[0]).toMatchObject({ status: "initiate", loaded: 0 });
    expect(requests.some(({ url }) => /pytorch|nested/.test(url))).toBe(false);
    expect(new Uint8Array(await readFile(join(snapshot(), "model.safetensors")))).toEqual(
      files.get("model.safetensors"),
    );
    requests.length = 0;
    expect(await firstNorm("maker/tiny", options())).toEqual(first);
    expect(requests.filter(({ url }) => url.includes("/resolve/"))).toEqual([]);
    requests.length = 0;
    expect(await firstNorm("maker/tiny", { ...options(), localFilesOnly: true })).toEqual(first);
    expect(requests).toEqual([]);
  });

  test("what an interrupted run has left is continued", async () => {
    const whole = files.get("model.safetensors") as Uint8Array;
    await mkdir(snapshot(), { recursive: true });
    await writeFile(join(snapshot(), "model.safetensors.incomplete"), whole.subarray(0, 50_000));
    expect(await firstNorm("maker/tiny", options())).toEqual(await firstNorm(fixture));
    expect(requests.some(({ range }) => range?.startsWith("bytes=50000-"))).toBe(true);
  });

  test("an abort leaves no file that looks whole", async () => {
    const controller = new AbortController();
    const onProgress = ({ file }: Progress) => file === "model.safetensors" && controller.abort();
    const opening = openCheckpoint("maker/tiny", { ...options(), signal: controller.signal, onProgress });
    await expect(opening).rejects.toThrow("aborted");
    await expect(readFile(join(snapshot(), "model.safetensors"))).rejects.toThrow("ENOENT");
  });

  test("a name that there is not, and local files that were never fetched, are errors", async () => {
    await expect(openCheckpoint("maker/none", options())).rejects.toThrow(
      "[hub] maker/none at main cannot be fetched from the hub",
    );
    const local = { ...options(), localFilesOnly: true };
    await expect(openCheckpoint("maker/tiny", local)).rejects.toThrow("maker/tiny at main was never fetched");
    await rm(cacheFolder, { recursive: true, force: true });
  });
});
