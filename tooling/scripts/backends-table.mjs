// npm run docs:backends: writes docs/backends.md, what each backend can do, from the backends and the conformance kit.
import { build, fail, install, node } from "./lib.mjs";

install();
build(["--filter=@relpos/conformance-runs..."]);
if (node("tooling/conformance/dist/capabilities/main.js", []) !== 0) fail("the table is not written", "See above.");
if (node("node_modules/@biomejs/biome/bin/biome", ["format", "--write", "tooling/conformance/capabilities.json"]) !== 0)
  fail("the capabilities could not be formatted", "The messages are above.");
