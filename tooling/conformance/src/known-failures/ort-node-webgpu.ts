import type { KnownFailure } from "@relpos/conformance";

export const ortNodeWebgpuFailures: readonly KnownFailure[] = [];
