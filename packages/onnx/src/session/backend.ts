import { check, type Graph, type HostTensor, type Tensor, toStorage, UnsupportedError } from "@relpos/core";
import {
  type Backend,
  type BackendDetails,
  bindDimensions,
  type CompileOptions,
  type Donation,
  type DType,
  type Executable,
  evaluateDim,
  type FileTensor,
  prepare,
  type RunOptions,
} from "@relpos/core/backend";
import type { AccuracyLevel, Provider } from "../lower/context.js";
import { claims } from "../lower/fusions.js";
import { untilAborted } from "./abort.js";
import { type Placement, placeConstants } from "./constants.js";
import { createGraphSessions, type GraphSessions } from "./graph-sessions.js";
import { withRowWrites } from "./row-writes.js";
import type { OrtService, RowWrite } from "./service.js";
import { createSessionCache } from "./sessions.js";
import { createStore, isSmall, type Store } from "./store.js";

/** A tensor that ONNX Runtime holds; `tensor` is the number by which the service knows it. */
export interface OrtTensor {
  readonly tensor: number;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Where it lies, if ONNX Runtime maps it from a file. */
  readonly file?: Extract<Placement, { readonly file: string }>;
}

export interface OrtBackendOptions {
  /** For example `ort-node:cpu`. */
  readonly name: string;
  readonly provider: Provider;
  readonly service: OrtService;
  /** Element types that the device has. Default is all that ONNX Runtime has for JavaScript. */
  readonly dtypes?: readonly DType[];
  readonly details?: BackendDetails;
  /** Whether a run can write an output into the memory of a donated input. Default false. */
  readonly inPlace?: boolean;
  /** Whether a run reads the tensors that it is fed where they lie. Default false. */
  readonly feedsInPlace?: boolean;
  /** Default 4. */
  readonly accuracyLevel?: AccuracyLevel | undefined;
  /** Where a file lies for ONNX Runtime: its folder, and its name there. Default is that files cannot be mapped. */
  readonly locate?: (path: string) => { readonly folder: string; readonly file: string };
}

/**
 * Element types that every primitive runs with. bfloat16 is served in constants that are cast: the JavaScript bindings
 * have no such tensors, and the CPU has no kernels.
 */
const usualTypes: readonly DType[] = ["float32", "float16", "int32", "int8", "uint8", "bool"];

/** A backend on ONNX Runtime, wherever the service runs it. */
export function createOrtBackend(options: OrtBackendOptions): Backend<OrtTensor> {
  const { name, provider, service, locate, feedsInPlace = false, inPlace = false, accuracyLevel } = options;
  const dtypes: ReadonlySet<DType> = new Set(options.dtypes ?? usualTypes);
  const store = createStore(service);
  const sessions = createSessionCache(provider, service, { inPlace, accuracyLevel });
  const executables = new Set<Executable<OrtTensor>>();
  const supports = claims(provider);
  const inHostMemory = provider === "cpu";
  let closed = false;

  const requireOpen = (operation: string): void => {
    check(!closed, operation, () => `backend "${name}" is closed`);
  };
  const requireDType = (operation: string, dtype: DType): void => {
    if (!dtypes.has(dtype)) throw new UnsupportedError(operation, `backend "${name}" has no dtype ${dtype}`);
  };

  return {
    specVersion: 1,
    name,
    dtypes,
    ...(options.details && { details: options.details }),
    supports,
    compile: async (source, options: CompileOptions<OrtTensor> = {}) => {
      requireOpen("compile");
      options.signal?.throwIfAborted();
      const donated = options.donated ?? [];
      const plan = inHostMemory ? withRowWrites(source, donated) : { graph: source, writes: [], donations: donated };
      const graph = prepare(plan.graph, supports);
      for (const input of graph.inputs) requireDType("input", input.dtype);
      for (const node of graph.nodes) {
        for (const output of node.outputs) if (node.op !== "constant") requireDType(node.op, output.dtype);
      }
      for (const handle of options.constants?.values() ?? []) store.give(handle);
      const { placed, fed } = placeConstants(graph, options.constants ?? new Map(), feedsInPlace);
      const own = createGraphSessions(graph, { ...plan, constants: placed }, { sessions, provider, supports });
      const program = { graph, donated, writes: plan.writes, placed, fed, keepsSmall: inHostMemory };
      const executable = createExecutable(program, own, service, store, () => executables.delete(executable));
      executables.add(executable);
      try {
        await untilAborted(own.opened, options.signal, () => {});
      } catch (error) {
        await executable.close();
        throw error;
      }
      return executable;
    },
    upload: async (value, { transfer = false } = {}) => {
      requireOpen("upload");
      requireDType("upload", value.dtype);
      const handle = store.make(value.shape, value.dtype);
      // Nobody waits here: requests are served in order, and what uses the tensor meets its error.
      if (inHostMemory && isSmall(value.shape, value.dtype)) store.keep(handle, ownCopy(value));
      else service.upload({ tensor: handle.tensor, value: transfer ? given(value) : ownCopy(value) }).catch(() => {});
      return store.hold(handle);
    },
    ...(locate && {
      map: ({ path, offset, shape, dtype }: FileTensor) => {
        requireOpen("map");
        requireDType("map", dtype);
        return store.hold({ ...store.make(shape, dtype), file: { ...locate(path), offset } });
      },
    }),
    download: async (handle) => {
      requireOpen("download");
      store.requireLive("download", handle, "the tensor");
      check(!handle.file, "download", () => "a tensor in a file is read from there");
      const kept = store.keptOf(handle);
      return kept ? copyOf(kept) : service.download(handle.tensor);
    },
    dispose: (handle) => store.dispose([handle]),
    memory: async () => {
      requireOpen("memory");
      const { tensors } = await service.memory();
      return { tensors: tensors + store.kept };
    },
    close: async () => {
      if (closed) return;
      closed = true;
      for (const executable of [...executables]) await executable.close();
      store.clear();
      await service.close();
    },
  };
}

const copyOf = (value: HostTensor): HostTensor => ({ ...value, data: value.data.slice() as HostTensor["data"] });

/** Data whose memory the service may take: in the dtype's storage, and nobody else's. */
function ownCopy(value: HostTensor): HostTensor {
  const data = toStorage(value);
  return { ...value, data: data === value.data ? data.slice() : data };
}

/** Data whose memory the service may take with its owner's consent: a copy where it is part of something larger. */
function given(value: HostTensor): HostTensor {
  const data = toStorage(value);
  return data.byteLength === data.buffer.byteLength ? { ...value, data } : ownCopy(value);
}

/** A graph that was made ready, with what its runs take away and what is written after them. */
interface Program {
  readonly graph: Graph;
  readonly donated: readonly Donation[];
  readonly writes: readonly RowWrite[];
  /** Inputs that the session holds. */
  readonly placed: ReadonlyMap<Tensor, Placement>;
  /** Constants that every run is fed. */
  readonly fed: ReadonlyMap<Tensor, OrtTensor>;
  /** Whether small results stay on this side. */
  readonly keepsSmall: boolean;
}

function createExecutable(
  { graph, donated, writes, placed, fed, keepsSmall }: Program,
  sessions: GraphSessions,
  service: OrtService,
  store: Store,
  onClose: () => void,
): Executable<OrtTensor> {
  let closed = false;
  const inputs = graph.inputs.filter((input) => !placed.has(input));
  const caches = new Map(writes.map(({ output, cache }) => [output, graph.inputs[cache] as Tensor]));
  const replaced = new Set(donated.map(({ output }) => output));
  const results = keepsSmall ? [...graph.outputs.keys()].filter((index) => !replaced.has(index)) : [];

  const feed = (feeds: ReadonlyMap<Tensor, OrtTensor>, input: Tensor): OrtTensor => {
    const name = input.name ?? "";
    const handle = fed.get(input) ?? feeds.get(input);
    check(handle, "run", () => `input ${name} was not fed`);
    store.requireLive("run", handle, `input ${name}`);
    check(!handle.file, "run", () => `input ${name} lies in a file: it must be one of the constants`);
    check(handle.dtype === input.dtype, "run", () => `input ${name} must be ${input.dtype}, got ${handle.dtype}`);
    return handle;
  };

  return {
    graph,
    run: async (feeds, { signal }: RunOptions = {}) => {
      check(!closed, "run", () => "the executable is closed");
      signal?.throwIfAborted();
      const handles = new Map(inputs.map((input) => [input, feed(feeds, input)]));
      const bindings = bindDimensions({ inputs }, (input) => (handles.get(input) as OrtTensor).shape);
      const outputs = graph.outputs.map(({ shape, dtype }, index) => {
        const cache = caches.get(index);
        const sizes = cache ? (handles.get(cache) as OrtTensor).shape : shape.map((dim) => evaluateDim(dim, bindings));
        return store.make(sizes, dtype);
      });
      const given = [...new Set(handles.values())].flatMap((handle) => {
        const value = store.keptOf(handle);
        return value ? [{ tensor: handle.tensor, value }] : [];
      });
      const wanted = results.filter((index) => isSmall(outputs[index]!.shape, outputs[index]!.dtype));
      for (const { input } of donated) store.forget(handles.get(input) as OrtTensor);
      const run = sessions.use(bindings, (session) =>
        service.run({
          session,
          feeds: graph.inputs.map((input) => handles.get(input)?.tensor),
          given,
          outputs: outputs.map(({ tensor }) => tensor),
          wanted,
        }),
      );
      const hold = (values: readonly HostTensor[]) => {
        for (const [index, value] of values.entries()) store.keep(outputs[wanted[index]!]!, value);
        return outputs.map(store.hold);
      };
      return untilAborted(run.then(hold), signal, (late) => store.dispose(late));
    },
    close: async () => {
      if (closed) return;
      closed = true;
      sessions.release();
      onClose();
    },
  };
}
