import { check } from "@relpos/core";
import { blobSource } from "./byte-source.js";
import type { Folder } from "./folder.js";
import type { HubCache } from "./hub.js";
import { readWhole } from "./read-whole.js";

const cacheName = "relpos-checkpoints";
const addressOf = (id: string, rest: string): string => `https://relpos.invalid/${id}/${rest}`;

/** Files of the hub in the browser's Cache API. */
export function hubCache(_folder?: string): HubCache {
  const open = (): Promise<Cache> => {
    check(typeof caches !== "undefined", "hub", () => "the Cache API must exist, which pages over https have");
    return caches.open(cacheName);
  };
  return {
    revision: async (id, revision) => (await (await open()).match(addressOf(id, `refs/${revision}`)))?.text(),
    remember: async (id, revision, commit) => {
      await (await open()).put(addressOf(id, `refs/${revision}`), new Response(commit));
    },
    files: async (id, commit) => {
      const cache = await open();
      const start = addressOf(id, `${commit}/`);
      const entries = (await cache.keys()).flatMap(({ url }) => (url.startsWith(start) ? [url] : []));
      const folder = new Map<string, ReturnType<typeof blobSource>>();
      for (const url of entries) {
        const name = decodeURIComponent(url.slice(start.length));
        folder.set(name, blobSource(await ((await cache.match(url)) as Response).blob(), name));
      }
      return folder as Folder;
    },
    store: async (id, commit, name, blob, options) => {
      const pieces = await readWhole(name, blob, 0, options);
      await (await open()).put(addressOf(id, `${commit}/${encodeURIComponent(name)}`), new Response(new Blob(pieces)));
    },
  };
}
