import { check } from "../errors.js";
import { add, mul } from "../primitives/operations.js";
import type { Tensor } from "../tensor/tensor.js";
import {
  type CacheClass,
  defineEncoding,
  type HookContext,
  type PairContext,
  type PositionEncoding,
  type Transformed,
} from "./encoding.js";

const strictness: readonly CacheClass[] = ["rotated-keys", "raw-keys", "state"];

/**
 * Several encodings as one: embeddings, positions and transforms in turn, biases summed, temperatures multiplied.
 *
 * Parameters are named `<index>.<name>`. The cache holds what the most demanding part needs.
 */
export function combine(...parts: readonly PositionEncoding[]): PositionEncoding {
  const own = <C extends HookContext>(context: C, index: number): C => ({
    ...context,
    parameters: ownParameters(context, index),
  });
  const having = <H extends keyof PositionEncoding>(hook: H) => parts.some((part) => part[hook] !== undefined);
  const folded = (hook: "bias" | "temperature", join: (a: Tensor, b: Tensor) => Tensor) => (context: PairContext) => {
    const values = parts.flatMap((part, index) => part[hook]?.(own(context, index)) ?? []);
    return values.reduce(join);
  };
  const only =
    <H extends "state" | "carry" | "weights">(hook: H) =>
    (context: Parameters<Required<PositionEncoding>[H]>[0]): Tensor => {
      const index = parts.findIndex((part) => part[hook]);
      const call = (parts[index] as PositionEncoding)[hook] as (context: HookContext) => Tensor;
      return call(own(context, index));
    };
  const withState = parts.filter((part) => part.state || part.weights);
  check(withState.length <= 1, "combine", () => {
    return `at most one part may keep state or replace softmax, got ${withState.map(({ kind }) => kind).join(", ")}`;
  });
  check(!having("carry") || !having("values"), "combine", () => {
    return `a part that carries state from layer to layer goes with none that changes the output, got ${parts.map(({ kind }) => kind).join(", ")}`;
  });
  const limits = parts.flatMap((part) => part.maximumPositions ?? []);
  return defineEncoding<string>({
    kind: parts.map((part) => part.kind).join("+"),
    settings: { parts: parts.map(({ kind, settings }) => ({ kind, settings })) },
    cache: strictness[Math.max(...parts.map((part) => strictness.indexOf(part.cache)))] ?? "rotated-keys",
    maximumPositions: limits.length > 0 ? Math.min(...limits) : undefined,
    scope: parts.some((part) => part.scope === "layer") ? "layer" : "model",
    parameters: (shape) => {
      const named = parts.flatMap((part, index) => {
        return Object.entries(part.parameters?.(shape) ?? {}).map(([name, spec]) => [
          `${index}.${name}`,
          { ...spec, scope: spec.scope ?? part.scope ?? "model" },
        ]);
      });
      return Object.fromEntries(named);
    },
    ...(having("embed") && {
      embed: (context) => parts.reduce((x, part, index) => part.embed?.(own({ ...context, x }, index)) ?? x, context.x),
    }),
    ...(having("positions") && {
      positions: (context) =>
        parts.reduce(
          ({ query, key }, part, index) => {
            return part.positions?.(own({ ...context, query, key }, index)) ?? { query, key };
          },
          context as { query: Tensor; key: Tensor },
        ),
    }),
    ...(having("transform") && {
      transform: (context) =>
        parts.reduce(({ query, key, value }, part, index) => {
          return { value, ...(part.transform?.(own({ ...context, query, key, value }, index)) ?? { query, key }) };
        }, context as Transformed),
    }),
    ...(having("bias") && { bias: folded("bias", add) }),
    ...(having("relativeScores") && {
      relativeScores: (context) => {
        return parts.flatMap((part, index) => part.relativeScores?.(own(context, index)) ?? []).reduce(add);
      },
    }),
    ...(having("scores") && {
      scores: (context) =>
        parts.reduce((products, part, index) => {
          const scores = part.scores?.(own({ ...context, products }, index));
          return scores ? () => scores : products;
        }, context.products)(),
    }),
    ...(having("state") && { state: (context) => only("state")(context) }),
    ...(having("carry") && { carry: (context) => only("carry")(context) }),
    ...(having("weights") && { weights: (context) => only("weights")(context) }),
    ...(having("temperature") && { temperature: folded("temperature", mul) }),
    ...(having("values") && {
      values: (context) =>
        parts.reduce(
          (output, part, index) => part.values?.(own({ ...context, output }, index)) ?? output,
          context.output,
        ),
    }),
  });
}

function ownParameters(context: HookContext, index: number): Record<string, Tensor> {
  const prefix = `${index}.`;
  const entries = Object.entries(context.parameters ?? {}).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(entries.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
