import { check, type Graph } from "@relpos/core";
import { type Donation, hash } from "@relpos/core/backend";
import type { Provider } from "../lower/context.js";
import { lower } from "../lower/lower.js";
import { encodeOnnx } from "../model/encode.js";
import { inPlaceDonations } from "./in-place.js";
import type { OpenRequest, OrtService, RowWrite, RunPlan } from "./service.js";

/** A session that executables share. */
export interface SharedSession {
  readonly id: number;
  /** Settles when the session is open. */
  readonly opened: Promise<void>;
}

/** Sessions by graph: opening one is slow, so it is kept for a while after its last executable was closed. */
export interface SessionCache {
  acquire(graph: Graph, donations: readonly Donation[], rowWrites: readonly RowWrite[]): SharedSession;
  release(session: SharedSession): void;
}

interface Entry extends SharedSession {
  readonly key: string;
  readonly keep: boolean;
  users: number;
}

/** So many sessions stay open that no executable uses. Those that hold large constants never do. */
const idleSessions = 16;

/** A cache of the sessions of one service. `inPlace` says whether a run may write outputs into donated inputs. */
export function createSessionCache(provider: Provider, service: OrtService, inPlace: boolean): SessionCache {
  const entries = new Map<string, Entry>();
  let nextId = 0;

  const open = (key: string, graph: Graph, donations: readonly Donation[], rowWrites: readonly RowWrite[]): Entry => {
    const id = nextId++;
    const request = openRequest(id, graph, provider, { donations, rowWrites, inPlace });
    return { id, key, opened: service.open(request), keep: request.externalData.length === 0, users: 0 };
  };
  const evict = (entry: Entry): void => {
    if (entries.get(entry.key) === entry) entries.delete(entry.key);
    service.release(entry.id).catch(() => {});
  };

  return {
    acquire: (graph, donations, rowWrites) => {
      const moved = donations.map(({ input, output }) => `${graph.inputs.indexOf(input)}:${output}`);
      const written = rowWrites.map(({ output, cache, indices }) => `${cache}[${indices}]:${output}`);
      const key = [hash(graph), ...moved, ...written].join(" ");
      const entry = entries.get(key) ?? open(key, graph, donations, rowWrites);
      entries.delete(key);
      entries.set(key, entry);
      entry.users++;
      entry.opened.catch(() => {
        if (entries.get(key) === entry) entries.delete(key);
      });
      return entry;
    },
    release: (session) => {
      const entry = session as Entry;
      check(--entry.users >= 0, "close", () => "the session was released twice");
      if (entry.users > 0) return;
      if (!entry.keep) evict(entry);
      const idle = [...entries.values()].filter(({ users }) => users === 0);
      for (const old of idle.slice(0, Math.max(0, idle.length - idleSessions))) evict(old);
    },
  };
}

export interface OpenOptions {
  readonly donations?: readonly Donation[];
  readonly rowWrites?: readonly RowWrite[];
  /** Whether a run may write outputs into donated inputs. Default `false`. */
  readonly inPlace?: boolean;
}

/** What opens a session for a graph. */
export function openRequest(
  session: number,
  graph: Graph,
  provider: Provider,
  { donations = [], rowWrites = [], inPlace = false }: OpenOptions = {},
): OpenRequest {
  const onnx = lower(graph, { provider });
  const { model, externalData } = encodeOnnx(onnx);
  const plan: RunPlan = {
    inputs: onnx.inputs.map(({ name }) => name),
    outputs: onnx.outputs.map(({ name }) => name),
    outputTypes: graph.outputs.map(({ dtype }) => dtype),
    donated: donations.map((donation) => positionOf(graph, donation)),
    inPlace: inPlace ? placesOf(graph, donations) : [],
    rowWrites,
  };
  return { session, model, externalData: [...externalData].map(([path, data]) => ({ path, data })), plan };
}

function positionOf(graph: Graph, { input }: Donation): number {
  const index = graph.inputs.indexOf(input);
  check(index >= 0, "compile", () => {
    return `a donated tensor must be an input of the graph, got ${input.name ?? "another"}`;
  });
  return index;
}

function placesOf(graph: Graph, donations: readonly Donation[]): RunPlan["inPlace"] {
  const places: (number | undefined)[] = graph.outputs.map(() => undefined);
  for (const donation of inPlaceDonations(graph, donations)) places[donation.output] = positionOf(graph, donation);
  return places;
}
