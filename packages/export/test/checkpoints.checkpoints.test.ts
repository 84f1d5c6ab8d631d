import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openCheckpoint } from "@relpos/checkpoints";
import { afterAll, expect, test } from "vitest";
import { exportOnnx } from "../src/index.js";
import { caseNames, checkExported } from "./cases.js";

// Every checkpoint of RELPOS_CHECKPOINTS, exported and opened in plain ONNX Runtime, against what transformers computed for it.
const folder = resolve(process.env.RELPOS_CHECKPOINTS ?? "checkpoints");
const out = mkdtempSync(join(tmpdir(), "relpos-export-"));
afterAll(() => rmSync(out, { recursive: true, force: true }));

test.each(caseNames(folder))("%s", async (name) => {
  const checkpoint = await openCheckpoint(join(folder, name));
  const names = await exportOnnx(join(out, name), checkpoint);
  await checkpoint.close();
  expect(names).toContain("config.json");
  await checkExported(join(out, name), join(folder, name), checkpoint.model.cache?.staleAbove);
});
