import { createReferenceBackend } from "@relpos/backend-reference";
import type { Backend } from "@relpos/core/backend";
import type { CaseContext, Subject } from "./case.js";

/** What cases work with, and its end. */
export interface SharedContext extends CaseContext {
  /** Replaces the backend that cases share: a case that failed may have spoiled it. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the subject's backend and the oracle. */
export async function openContext(subject: Subject): Promise<SharedContext> {
  const oracle = createReferenceBackend() as Backend;
  let backend = await subject.create();
  return {
    get backend() {
      return backend;
    },
    oracle,
    create: () => subject.create(),
    renew: async () => {
      await backend.close().catch(() => {});
      backend = await subject.create();
    },
    close: async () => {
      await backend.close();
      await oracle.close();
    },
  };
}
