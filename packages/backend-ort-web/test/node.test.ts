import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expectClose } from "@relpos/conformance";
import * as core from "@relpos/core";
import { tensor } from "@relpos/core";
import { expect, test } from "vitest";
import { createOrtWebBackend } from "../src/index.js";

test("it runs in Node, on wasm with one thread", async () => {
  const backend = await createOrtWebBackend({ threads: 4 });
  expect(backend.name).toBe("ort-web:wasm");
  expect(backend.details).toMatchObject({ threads: 1, isolated: false });
  const product = await core.run(backend, core.matMul, tensor([1, 2, 3, 4], [2, 2]), tensor([1, 2, 3, 4], [2, 2]));
  expectClose(product, tensor([7, 10, 15, 22], [2, 2]), "exact");
  await backend.close();
  await backend.close();
});

test("an idle backend does not keep Node alive", async () => {
  const script = 'import { provider } from "@relpos/backend-ort-web"; console.log((await provider.create()).name);';
  const cwd = import.meta.dirname;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { cwd });
  expect(stdout).toBe("ort-web:wasm\n");
});

test("webgpu is not for Node; wasm is taken where that is asked for", async () => {
  await expect(createOrtWebBackend({ device: "webgpu" })).rejects.toThrow("@relpos/backend-ort-node has others");
  const backend = await createOrtWebBackend({ device: "webgpu", fallback: "wasm" });
  expect(backend.name).toBe("ort-web:wasm");
  expect(backend.details?.fallback).toContain("device must be wasm in Node");
  await backend.close();
});

test("options that cannot be are errors", async () => {
  await expect(createOrtWebBackend({ device: "webnn" as "wasm" })).rejects.toThrow(
    "[createOrtWebBackend] device must be one of wasm, webgpu, got webnn",
  );
  await expect(createOrtWebBackend({ threads: 0 })).rejects.toThrow(
    "[createOrtWebBackend] threads must be a positive whole number, got 0",
  );
});
