import type { Backend } from "@relpos/core/backend";
import { compositeCalls, graphOf, isClaimed } from "./cases/composite/composite-cases.js";
import { type CompositeName, compositeNames } from "./cases/composite/composite-name.js";

export type { CompositeName };

/** How many of the kit's calls of a composite, of those with element types that it has, a backend runs fused. */
export interface Claim {
  readonly composite: CompositeName;
  readonly claimed: number;
  readonly calls: number;
}

/** Asks a backend about calls of every composite, over attributes, optional inputs and element types. Runs nothing. */
export function claimsOf(backend: Backend): readonly Claim[] {
  return compositeNames.map((composite) => {
    const claims = compositeCalls[composite].flatMap((call) =>
      call.dtypes
        .filter((dtype) => [dtype, ...(call.others ?? [])].every((needed) => backend.dtypes.has(needed)))
        .map((dtype) => isClaimed(backend, composite, graphOf(call, call.inputs(dtype)))),
    );
    return { composite, claimed: claims.filter(Boolean).length, calls: claims.length };
  });
}
