import type { Backend } from "@relpos/core/backend";

/** Something to do on a backend, wherever it runs; argument, progress and result are plain data. */
export type Program<Argument, Result> = (
  backend: Backend,
  argument: Argument,
  report: (message: string) => void,
) => Promise<Result>;
