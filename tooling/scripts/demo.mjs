// npm run demo [-- --port N]: builds the demo and serves it on this machine, with the headers that give it threads.
import { join } from "node:path";
import { build, install, node, root } from "./lib.mjs";

install();
build(["--filter=@relpos/demo..."]);
const folder = join("apps", "demo");
const args = ["preview", ...process.argv.slice(2)];
process.exitCode = node(join(folder, "node_modules/vite/bin/vite.js"), args, { cwd: join(root, folder) });
