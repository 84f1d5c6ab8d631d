// pnpm conformance BACKEND[:DEVICE] [--full]: builds what the kit needs and runs it on a backend.
import { build, install, node } from "./lib.mjs";

install();
build(["--filter=@relpos/conformance-runs..."]);
process.exitCode = node("tooling/conformance/dist/main.js", process.argv.slice(2));
