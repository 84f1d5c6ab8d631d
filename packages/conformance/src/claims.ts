import { trace } from "@relpos/core";
import { type Backend, callOf } from "@relpos/core/backend";
import { type CompositeName, compositeNames } from "./cases/composite/composite-name.js";
import { compositeGradients } from "./cases/gradient/composite-gradients.js";

/** How many of the kit's calls of a composite a backend runs fused. */
export interface Claim {
  readonly composite: CompositeName;
  readonly claimed: number;
  readonly calls: number;
}

/** Asks a backend about calls of every composite, over its attributes, in float32. Runs nothing. */
export function claimsOf(backend: Backend): readonly Claim[] {
  return compositeNames.map((composite) => {
    const calls = compositeGradients[composite].flatMap(({ f, inputs }) => {
      const { nodes } = trace(f, ...inputs.map(({ shape, dtype }) => ({ shape, dtype })));
      return nodes.flatMap((node) => (node.kind === "composite" && node.op === composite ? [callOf(node)] : []));
    });
    const claimed = calls.filter((call) => backend.supports?.(call) ?? false);
    return { composite, claimed: claimed.length, calls: calls.length };
  });
}
