import { createOrtNodeBackend } from "@relpos/backend-ort-node";
import { createOrtWebBackend } from "@relpos/backend-ort-web";
import { createReferenceBackend } from "@relpos/backend-reference";
import { createTfjsBackend } from "@relpos/backend-tfjs";
import type { Backend } from "@relpos/core/backend";
import { afterAll, beforeAll } from "vitest";

type Create = () => Promise<Backend>;

const reference: Create = async () => createReferenceBackend() as Backend;
const ortNode: Create = async () => (await createOrtNodeBackend({ device: "cpu", threads: 1 })) as Backend;
const ortWeb: Create = async () => (await createOrtWebBackend({ device: "wasm" })) as Backend;
const tfjs =
  (device: "cpu" | "wasm"): Create =>
  async () =>
    (await createTfjsBackend({ device })) as Backend;

/** The oracle and ONNX Runtime on one thread of the CPU, made once for a test file and closed after it. */
export const useBackends = (): (() => readonly Backend[]) => use([reference, ortNode]);

/** These, and the others that Node can run: for suites of data, which are not part of the plain run. */
export const useAllBackends = (): (() => readonly Backend[]) =>
  use([reference, ortNode, ortWeb, tfjs("cpu"), tfjs("wasm")]);

function use(creates: readonly Create[]): () => readonly Backend[] {
  const backends: Backend[] = [];
  beforeAll(async () => {
    for (const create of creates) backends.push(await create());
  });
  afterAll(async () => {
    for (const backend of backends) await backend.close();
  });
  return () => backends;
}
