import { check, RelposError } from "@relpos/core";
import { hubCache } from "#hub-cache";
import type { ReadOptions } from "./byte-source.js";
import type { Folder } from "./folder.js";
import type { OnProgress } from "./progress.js";

/** Where files of the hub are kept. */
export interface HubCache {
  /** The commit that a revision was when it was last fetched. */
  revision(id: string, revision: string): Promise<string | undefined>;
  remember(id: string, revision: string, commit: string): Promise<void>;
  /** Files of a commit. */
  files(id: string, commit: string): Promise<Folder>;
  /** Keeps a file, whose Blob fetches when it is read. */
  store(
    id: string,
    commit: string,
    name: string,
    blob: Blob,
    options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: OnProgress | undefined },
  ): Promise<void>;
}

export interface HubOptions extends ReadOptions {
  /** A branch, a tag or a commit. Default "main". */
  readonly revision?: string;
  /** For private models. Default: none. */
  readonly accessToken?: string;
  /** Whether to use only what was fetched before. Default `false`. */
  readonly localFilesOnly?: boolean;
  /** Where files are kept, in Node. Default: huggingface_hub's folder. */
  readonly cacheFolder?: string;
  /** Default "https://huggingface.co". */
  readonly hubUrl?: string;
  /** Default: the platform's `fetch`. */
  readonly fetch?: typeof fetch;
  readonly onProgress?: OnProgress | undefined;
}

/** Files that a checkpoint needs: configurations, tokenizers, weights in safetensors. */
const needed =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|vocab|added_tokens)\.json$|^(merges|vocab)\.txt$|^chat_template\.jinja$|^(spiece|tokenizer)\.model$|^model(-\d+-of-\d+)?\.safetensors$|^model\.safetensors\.index\.json$/;

const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision);

/** Whether a text may be the name of a model of the hub: `owner/name`, or `name` alone for the oldest. */
export function isHubId(text: string): boolean {
  return /^[\w.-]+(\/[\w.-]+)?$/.test(text) && !/^\.{1,2}(\/|$)/.test(text) && !text.endsWith("/..");
}

/** `fetch` that ends with the signal. */
function abortable({ fetch: request = fetch, signal }: HubOptions): typeof fetch {
  return (input, init) => request(input, signal ? { ...init, signal } : init);
}

/**
 * A model's files of the Hugging Face hub, through the cache: on disk in Node, in the Cache API in browsers.
 *
 * Errors name the model when there is none of that name, or when `localFilesOnly` asks for what was never fetched.
 */
export async function openHub(id: string, options: HubOptions = {}): Promise<Folder> {
  const { revision = "main", localFilesOnly = false, cacheFolder } = options;
  const cache = hubCache(cacheFolder);
  if (localFilesOnly) {
    const commit = isCommit(revision) ? revision : await cache.revision(id, revision);
    const folder = commit === undefined ? new Map() : await cache.files(id, commit);
    check(folder.has("config.json"), "hub", () => `${id} at ${revision} was never fetched: there are no local files`);
    return folder;
  }
  try {
    return await fetchAll(id, revision, cache, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof RelposError) throw error;
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? cause.message : message;
    throw new RelposError("hub", `${id} at ${revision} cannot be fetched from the hub: ${reason}`, { cause: error });
  }
}

async function fetchAll(id: string, revision: string, cache: HubCache, options: HubOptions): Promise<Folder> {
  const { accessToken, hubUrl, signal, onProgress } = options;
  const { downloadFile, modelInfo } = await import("@huggingface/hub");
  const shared = { fetch: abortable(options), ...(accessToken && { accessToken }), ...(hubUrl && { hubUrl }) };
  const info = await modelInfo({ ...shared, name: id, revision, additionalFields: ["sha", "filePaths"] });
  const commit = info.sha;
  const names = info.filePaths.filter((name) => needed.test(name));
  const held = await cache.files(id, commit);
  for (const name of names.filter((file) => !held.has(file))) {
    const blob = await downloadFile({ ...shared, repo: { type: "model", name: id }, path: name, revision: commit });
    check(blob, "hub", () => `${id} must have ${name}, which its list names`);
    await cache.store(id, commit, name, blob, { signal, onProgress });
  }
  await cache.remember(id, revision, commit);
  return cache.files(id, commit);
}
