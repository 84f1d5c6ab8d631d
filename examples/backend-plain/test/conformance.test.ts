import { testBackend } from "@relpos/conformance/vitest";
import { createPlainBackend } from "../src/index.js";

testBackend({ name: "plain", create: async () => createPlainBackend() }, { full: true });
