import type { DType, HostTensor, TensorData } from "@relpos/core";
import { type CopyModels, createDeviceMemory, type DeviceMemory } from "./device-memory.js";
import type { OrtRuntime, OrtSession, OrtSessionOptions, OrtValue } from "./runtime.js";
import type { OrtService, RunPlan, RunRequest } from "./service.js";
import { runOptions } from "./session-options.js";
import { writeRows } from "./write-rows.js";

/** A tensor that the driver holds. */
interface Held {
  readonly dtype: DType;
  readonly value: OrtValue;
}

export interface DriverOptions {
  /** For a device that keeps tensors between runs. Default is that all tensors lie in the host's memory. */
  readonly copyModels?: CopyModels | undefined;
  /** Does work while nobody else does. Default is to do it at once. */
  exclusively?<R>(work: () => Promise<R>): Promise<R>;
}

/** The service over a runtime in this thread. One request is served at a time, in the order of the calls. */
export function createOrtDriver(
  runtime: OrtRuntime,
  sessionOptions: OrtSessionOptions,
  { copyModels, exclusively = (work) => work() }: DriverOptions = {},
): OrtService {
  const device = copyModels && createDeviceMemory(runtime, sessionOptions, copyModels);
  const sessions = new Map<number, { readonly session: OrtSession; readonly plan: RunPlan }>();
  const tensors = new Map<number, Held>();
  let queue: Promise<unknown> = Promise.resolve();
  let closing = false;

  const inOrder = <R>(work: () => Promise<R>): Promise<R> => {
    const result = queue.then(() => {
      if (closing) throw new Error("the backend was closed");
      return exclusively(work);
    });
    queue = result.catch(() => {});
    return result;
  };
  const held = (tensor: number): Held => tensors.get(tensor) as Held;
  const drop = (tensor: number): void => {
    tensors.get(tensor)?.value.dispose();
    tensors.delete(tensor);
  };

  const heldOf = async ({ dtype, data, shape }: HostTensor): Promise<Held> => {
    const value = new runtime.Tensor(dtype, data, shape);
    return { value: device ? await device.toDevice(value, dtype) : value, dtype };
  };
  const hostValueOf = async (tensor: number): Promise<HostTensor> => {
    const { value, dtype } = held(tensor);
    return copyOut(device ? await device.toHost(value, dtype) : value, dtype);
  };

  /** The memory of a cache that was fed, which is the run's from then on: a copy where it was fed a second time. */
  const takeCache = async ({ feeds }: RunRequest, position: number): Promise<OrtValue> => {
    const tensor = feeds[position]!;
    const { value, dtype } = held(tensor);
    if (feeds.indexOf(tensor) !== feeds.lastIndexOf(tensor)) {
      return new runtime.Tensor(dtype, ((await value.getData()) as TensorData).slice(), value.dims);
    }
    tensors.delete(tensor);
    return value;
  };

  return {
    open: ({ session: id, model, plan, externalData, constants, configuration }) =>
      inOrder(async () => {
        const data = [...externalData];
        for (const { path, tensor } of constants) data.push({ path, data: await bytesOf(held(tensor), device) });
        const session = await runtime.InferenceSession.create(model, {
          ...configured(sessionOptions, configuration),
          ...device?.keeping(plan.outputs, plan.outputTypes),
          ...(data.length > 0 ? { externalData: data } : {}),
        });
        sessions.set(id, { session, plan });
      }),
    run: (request) =>
      inOrder(async () => {
        const { session, plan } = sessions.get(request.session) as { session: OrtSession; plan: RunPlan };
        const { given = [], wanted = [] } = request;
        for (const { tensor, value } of given) tensors.set(tensor, await heldOf(value));
        const inPlace = writableOutputs(plan, request);
        const fetches = plan.outputs.map((name, index) => [
          name,
          inPlace.has(index) ? held(inPlace.get(index)!).value : null,
        ]);
        const feeds = plan.inputs.flatMap((name, index) => {
          return name === undefined ? [] : [[name, held(request.feeds[index]!).value] as const];
        });
        const written = new Map<string, OrtValue>();
        try {
          const results = await session.run(Object.fromEntries(feeds), Object.fromEntries(fetches), runOptions);
          for (const { output, cache, indices } of plan.rowWrites) {
            const name = plan.outputs[output]!;
            const rows = results[name]!;
            const memory = await takeCache(request, cache);
            await writeRows(memory, rows, held(request.feeds[indices]!).value);
            rows.dispose();
            written.set(name, memory);
          }
          plan.outputs.forEach((name, index) => {
            const memory = inPlace.get(index);
            const value = memory === undefined ? (written.get(name) ?? results[name]) : held(memory).value;
            if (memory !== undefined) tensors.delete(memory);
            tensors.set(request.outputs[index]!, { value: value as OrtValue, dtype: plan.outputTypes[index]! });
          });
          const answered = await Promise.all(wanted.map((index) => hostValueOf(request.outputs[index]!)));
          for (const index of wanted) drop(request.outputs[index]!);
          return answered;
        } finally {
          for (const { tensor } of given) drop(tensor);
          for (const index of plan.donated) drop(request.feeds[index]!);
          for (const { cache } of plan.rowWrites) drop(request.feeds[cache]!);
        }
      }),
    upload: ({ tensor, value }) => inOrder(async () => void tensors.set(tensor, await heldOf(value))),
    download: (tensor) => inOrder(() => hostValueOf(tensor)),
    dispose: (list) => inOrder(async () => list.forEach(drop)),
    release: (session) =>
      inOrder(async () => {
        await sessions.get(session)?.session.release();
        sessions.delete(session);
      }),
    memory: () => inOrder(async () => ({ tensors: tensors.size })),
    close: () => {
      closing = true;
      return queue.then(() =>
        exclusively(async () => {
          for (const tensor of [...tensors.keys()]) drop(tensor);
          for (const { session } of sessions.values()) await session.release();
          sessions.clear();
          await device?.close();
        }),
      );
    },
  };
}

/** For each output written in place, the tensor that gives its memory; none where that tensor is fed a second time. */
function writableOutputs({ inPlace }: RunPlan, { feeds }: RunRequest): ReadonlyMap<number, number> {
  const writable = new Map<number, number>();
  inPlace.forEach((input, output) => {
    const tensor = input === undefined ? undefined : feeds[input];
    if (tensor !== undefined && feeds.indexOf(tensor) === feeds.lastIndexOf(tensor)) writable.set(output, tensor);
  });
  return writable;
}

/** Options with further entries of the session's configuration. */
function configured(options: OrtSessionOptions, entries: Readonly<Record<string, string>>): OrtSessionOptions {
  const { extra = {} } = options as { readonly extra?: { readonly session?: object } };
  return { ...options, extra: { ...extra, session: { ...extra.session, ...entries } } };
}

/** A tensor's bytes, on the host. */
async function bytesOf({ value, dtype }: Held, device: DeviceMemory | undefined): Promise<Uint8Array> {
  const data = (await (device ? await device.toHost(value, dtype) : value).getData()) as TensorData;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

async function copyOut(value: OrtValue, dtype: DType): Promise<HostTensor> {
  const data = ((await value.getData()) as TensorData).slice();
  // Browsers have an array of 16-bit floats; relpos holds their bits.
  return { shape: [...value.dims], dtype, data: dtype === "float16" ? new Uint16Array(data.buffer) : data };
}
