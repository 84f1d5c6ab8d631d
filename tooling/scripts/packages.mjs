// pnpm packages: builds, packs every published package and tries the tarballs in empty projects (tooling/packaging).
import { build, install, node } from "./lib.mjs";

install();
build();
const args = ["run", "--project", "@relpos/packaging", ...process.argv.slice(2)];
process.exitCode = node("node_modules/vitest/vitest.mjs", args);
