import { check, type Graph, type Tensor } from "@relpos/core";
import { type Donation, hash } from "@relpos/core/backend";
import type { AccuracyLevel, Provider } from "../lower/context.js";
import { lower } from "../lower/lower.js";
import { encodeOnnx } from "../model/encode.js";
import type { OnnxModel } from "../model/model.js";
import type { Placement } from "./constants.js";
import { inPlaceDonations } from "./in-place.js";
import type { OpenRequest, OrtService, RowWrite, RunPlan } from "./service.js";

/** A session that executables share. */
export interface SharedSession {
  readonly id: number;
  /** Settles when the session is open. */
  readonly opened: Promise<void>;
}

/** What a session's runs take away, what is written after them, and which inputs it holds. */
export interface SessionBindings {
  readonly donations: readonly Donation[];
  readonly rowWrites: readonly RowWrite[];
  readonly constants: ReadonlyMap<Tensor, Placement>;
}

/** Sessions by graph: opening one is slow, so it is kept for a while after its last executable was closed. */
export interface SessionCache {
  acquire(graph: Graph, bindings: SessionBindings): SharedSession;
  release(session: SharedSession): void;
}

interface Entry extends SharedSession {
  readonly key: string;
  readonly keep: boolean;
  users: number;
}

/** So many sessions stay open that no executable uses. Those that hold large constants never do. */
const idleSessions = 16;

/** A cache of the sessions of one service. */
export function createSessionCache(
  provider: Provider,
  service: OrtService,
  options: Pick<OpenOptions, "inPlace" | "accuracyLevel">,
): SessionCache {
  const entries = new Map<string, Entry>();
  let nextId = 0;

  const open = (key: string, graph: Graph, bindings: SessionBindings): Entry => {
    const id = nextId++;
    const request = openRequest(id, graph, provider, { ...bindings, ...options });
    const keep = request.externalData.length === 0 && bindings.constants.size === 0;
    return { id, key, opened: service.open(request), keep, users: 0 };
  };
  const evict = (entry: Entry): void => {
    if (entries.get(entry.key) === entry) entries.delete(entry.key);
    service.release(entry.id).catch(() => {});
  };

  return {
    acquire: (graph, bindings) => {
      const { donations, rowWrites, constants } = bindings;
      const moved = donations.map(({ input, output }) => `${graph.inputs.indexOf(input)}:${output}`);
      const written = rowWrites.map(({ output, cache, indices }) => `${cache}[${indices}]:${output}`);
      const held = [...constants].map(([input, place]) => `${graph.inputs.indexOf(input)}=${JSON.stringify(place)}`);
      const key = [hash(graph), ...moved, ...written, ...held].join(" ");
      const entry = entries.get(key) ?? open(key, graph, bindings);
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

export interface OpenOptions extends Partial<SessionBindings> {
  /** Whether a run may write outputs into donated inputs. Default `false`. */
  readonly inPlace?: boolean;
  readonly accuracyLevel?: AccuracyLevel | undefined;
}

/** What opens a session for a graph. */
export function openRequest(
  session: number,
  graph: Graph,
  provider: Provider,
  { donations = [], rowWrites = [], constants = new Map(), inPlace = false, accuracyLevel = 4 }: OpenOptions = {},
): OpenRequest {
  const folder = [...constants.values()].flatMap((place) => ("folder" in place ? [place.folder] : []))[0];
  const names = graph.inputs.map((input, index) => input.name ?? `input_${index}`);
  const external = new Map(
    [...constants].map(([input, place]) => {
      const path = `constant ${names[graph.inputs.indexOf(input)]}`;
      return [input, "folder" in place ? { path: place.file, offset: place.offset } : { path, offset: 0 }];
    }),
  );
  const onnx = lower(graph, { provider, accuracyLevel, external });
  const { model, externalData } = encodeOnnx(onnx, folder === undefined ? {} : { inline: true });
  const fed = [...onnx.inputs];
  const plan: RunPlan = {
    inputs: graph.inputs.map((input) => (external.has(input) ? undefined : fed.shift()?.name)),
    outputs: onnx.outputs.map(({ name }) => name),
    outputTypes: graph.outputs.map(({ dtype }) => dtype),
    donated: donations.map((donation) => positionOf(graph, donation)),
    inPlace: inPlace ? placesOf(graph, donations) : [],
    rowWrites,
  };
  return {
    session,
    model,
    externalData: [...externalData].map(([path, data]) => ({ path, data })),
    constants: [...constants].flatMap(([input, place]) => {
      return "tensor" in place ? [{ path: external.get(input)!.path, tensor: place.tensor }] : [];
    }),
    configuration: folder === undefined ? {} : mappedFrom(folder, onnx),
    plan,
  };
}

/**
 * Weights that are mapped are used as they lie: packed a second time in memory they were no faster. Those of a few bits must
 * be packed.
 */
function mappedFrom(folder: string, { nodes }: OnnxModel): Readonly<Record<string, string>> {
  const packs = nodes.some(({ operation }) => operation === "MatMulNBits");
  return { model_external_initializers_file_folder_path: folder, ...(packs ? {} : { disable_prepacking: "1" }) };
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
