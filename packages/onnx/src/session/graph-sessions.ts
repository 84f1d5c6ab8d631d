import { type Dim, type Graph, printDim, type Tensor } from "@relpos/core";
import { type CompositeCall, type DimBindings, evaluateDim, prepare, specialize } from "@relpos/core/backend";
import type { Provider } from "../lower/context.js";
import type { Placement } from "./constants.js";
import type { WithRowWrites } from "./row-writes.js";
import type { SessionCache, SharedSession } from "./sessions.js";

/** What runs a graph: one session for all its sizes, except where that one would fail. */
export interface GraphSessions {
  /** Settles when the session for all sizes is open. */
  readonly opened: Promise<void>;
  /** Uses the session that runs the graph with these values of its named dimensions. */
  use<R>(bindings: DimBindings, run: (session: number) => Promise<R>): Promise<R>;
  release(): void;
}

/**
 * The sessions of a graph. WebGPU crashes on some tensors without elements, and what it is to do instead must be known
 * when a graph is lowered: where a named size comes out as 0, the graph is opened for the sizes of that run.
 */
export function createGraphSessions(
  graph: Graph,
  {
    donations,
    writes,
    constants,
  }: Pick<WithRowWrites, "donations" | "writes"> & { readonly constants: ReadonlyMap<Tensor, Placement> },
  {
    sessions,
    provider,
    supports,
  }: {
    readonly sessions: SessionCache;
    readonly provider: Provider;
    readonly supports: (call: CompositeCall) => boolean;
  },
): GraphSessions {
  const session = sessions.acquire(graph, { donations, rowWrites: writes, constants });
  const sizes = provider === "webgpu" ? namedSizes(graph) : [];

  const openFor = (bindings: DimBindings): SharedSession => {
    const special = prepare(specialize(graph, bindings), supports);
    const same = (input: Tensor): Tensor => special.inputs[graph.inputs.indexOf(input)] as Tensor;
    return sessions.acquire(special, {
      donations: donations.map(({ input, output }) => ({ input: same(input), output })),
      rowWrites: writes,
      constants: new Map([...constants].map(([input, placement]) => [same(input), placement])),
    });
  };
  return {
    opened: session.opened,
    use: async (bindings, run) => {
      if (sizes.every((size) => evaluateDim(size, bindings) !== 0)) return run(session.id);
      const special = openFor(bindings);
      try {
        const [result] = await Promise.all([run(special.id), special.opened]);
        return result;
      } finally {
        sessions.release(special);
      }
    },
    release: () => sessions.release(session),
  };
}

/** Sizes that are not known before the graph runs, each once. */
function namedSizes({ inputs, nodes }: Graph): readonly Dim[] {
  const tensors = [...inputs, ...nodes.flatMap(({ outputs }) => outputs)];
  const named = tensors.flatMap(({ shape }) => shape.filter((size) => typeof size !== "number"));
  return [...new Map(named.map((size) => [printDim(size), size])).values()];
}
