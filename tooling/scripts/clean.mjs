// npm run clean: removes builds and caches.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { packageFolders, root } from "./lib.mjs";

for (const folder of [root, ...packageFolders()]) {
  for (const name of ["dist", ".turbo"]) rmSync(join(folder, name), { recursive: true, force: true });
}
