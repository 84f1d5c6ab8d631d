/// <reference lib="esnext.disposable" preserve="true" />
// Users get the type of Symbol.asyncDispose along with the class, whatever their `lib` is.
import type { Backend, Executable } from "../backend/backend.js";
import { check, NonFiniteLossError } from "../errors.js";
import { initializeParameters, mapNamed, type Named } from "../nn/parameters.js";
import { dropoutMask, foldIn, randomKey } from "../random/random.js";
import { type Dim, printShape } from "../tensor/dimension.js";
import { elementCount, type HostTensor, scalar, tensor, toNumbers, toScalar } from "../tensor/host-tensor.js";
import type { Tensor } from "../tensor/tensor.js";
import { type TrainingGraph, type TrainingGraphOptions, trainingGraph } from "./training-graph.js";

type BatchTypes = TrainingGraphOptions["batch"];

export interface TrainerOptions extends Omit<TrainingGraphOptions, "batch"> {
  /**
   * Types of the batch's tensors; the first axis of each is the batch. Several, where batches have several shapes: the
   * first is compiled at once, each other one when a batch of its shapes comes.
   */
  readonly batch: BatchTypes | readonly BatchTypes[];
  /** Of the initial weights and of dropout. Default 0. */
  readonly seed?: number;
  /** Values to begin with in place of initial ones, for instance of an opened checkpoint; all of those that are frozen. */
  readonly initial?: Named<HostTensor>;
  readonly signal?: AbortSignal;
}

/** Everything that training goes on from: parameters, slots and the step, by name. */
export type TrainerState = Named<HostTensor>;

export interface StepResult {
  readonly step: number;
  readonly loss: number;
  /** Global norm of the gradients, before clipping. */
  readonly gradientNorm: number;
}

/**
 * Trains a model on a backend: parameters and optimizer state stay there, each step gives them away and gets them back.
 */
export class Trainer<T = unknown> {
  /** What really runs in a step of the first shapes. */
  readonly executable: Executable<T>;
  private readonly backend: Backend<T>;
  private readonly options: TrainerOptions;
  private readonly plan: TrainingGraph;
  /** By the shapes of their batches. */
  private readonly programs: Map<string, Program<T>>;
  private readonly frozen = new Map<string, T>();
  private handles: Map<string, T> | undefined;
  private steps = 0;

  private constructor(backend: Backend<T>, first: Program<T>, options: TrainerOptions) {
    this.backend = backend;
    this.options = options;
    this.executable = first.executable;
    this.plan = first.plan;
    this.programs = new Map([[shapesOf(first.plan.batch), first]]);
  }

  /** Compiles the step and uploads the initial state. */
  static async create<T>(backend: Backend<T>, options: TrainerOptions): Promise<Trainer<T>> {
    const first = await compileStep(backend, options, variantsOf(options)[0] as BatchTypes);
    const trainer = new Trainer(backend, first, options);
    for (const name of Object.keys(options.frozen ?? {})) {
      const value = options.initial?.[name];
      check(value, "train", () => `initial must have every frozen weight, it lacks ${name}`);
      trainer.frozen.set(name, await backend.upload(value));
    }
    await trainer.restore({ ...initialState(first.plan, options), ...options.initial });
    return trainer;
  }

  /** Steps taken. */
  get step(): number {
    return this.steps;
  }

  /**
   * Takes one step. Errors when the loss or what the step leaves behind is not a number, with the step and the names of
   * the tensors; the state is then of no more use.
   */
  async train(batch: Named<HostTensor>, options: { readonly signal?: AbortSignal } = {}): Promise<StepResult> {
    const { backend } = this;
    options.signal?.throwIfAborted();
    const { plan, executable } = await this.programFor(batch);
    const handles = this.requireHandles();
    const values = new Map<Tensor, HostTensor>();
    for (const [name, input] of Object.entries(plan.batch)) {
      const value = batch[name];
      check(value, "train", () => `the batch needs ${Object.keys(plan.batch).join(", ")}, got no ${name}`);
      values.set(input, value);
    }
    for (const [name, input] of Object.entries(plan.masks)) {
      const key = foldIn(foldIn(randomKey(this.options.seed ?? 0), name), this.steps);
      values.set(input, dropoutMask(key, input.shape as readonly number[], this.options.dropout ?? 0));
    }
    const uploads = new Map<Tensor, T>(
      await Promise.all([...values].map(async ([input, value]) => [input, await backend.upload(value)] as const)),
    );
    const feeds = new Map(uploads);
    for (const [name, input] of Object.entries(plan.state)) feeds.set(input, handles.get(name) as T);
    for (const [name, input] of Object.entries(plan.frozen)) feeds.set(input, this.frozen.get(name) as T);
    this.handles = undefined;
    const outputs = await executable.run(feeds, options);
    for (const handle of uploads.values()) backend.dispose(handle);
    this.handles = new Map(Object.entries(plan.outputs.state).map(([name, index]) => [name, outputs[index] as T]));
    this.steps++;
    const metrics = outputs[plan.outputs.metrics] as T;
    const [loss, gradientNorm] = toNumbers(await backend.download(metrics)) as unknown as readonly [number, number];
    backend.dispose(metrics);
    if (!Number.isFinite(loss + gradientNorm)) {
      const names = await this.nonFiniteTensors();
      if (!Number.isFinite(loss) || names.length > 0) throw new NonFiniteLossError(this.steps, loss, names);
    }
    return { step: this.steps, loss, gradientNorm };
  }

  /** Takes a step for each batch. */
  async *over(
    batches: Iterable<Named<HostTensor>> | AsyncIterable<Named<HostTensor>>,
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<StepResult, void, undefined> {
    for await (const batch of batches) yield await this.train(batch, options);
  }

  /**
   * Handles of the parameters as they are now and of what is frozen, to feed to other executables of the backend; those of
   * parameters are gone after the next step.
   */
  get parameters(): Named<T> {
    return { ...Object.fromEntries(this.frozen), ...this.trained };
  }

  private get trained(): Named<T> {
    const handles = this.requireHandles();
    const names = Object.keys(this.options.parameters);
    return Object.fromEntries(names.map((name) => [name, handles.get(name) as T]));
  }

  /** Downloads the parameters, without what is frozen. */
  async downloadParameters(): Promise<Named<HostTensor>> {
    const entries = Object.entries(this.trained);
    return Object.fromEntries(
      await Promise.all(entries.map(async ([name, handle]) => [name, await this.backend.download(handle)] as const)),
    );
  }

  /** Downloads everything that training goes on from. */
  async state(): Promise<TrainerState> {
    const entries = [...this.requireHandles()];
    return Object.fromEntries(
      await Promise.all(entries.map(async ([name, handle]) => [name, await this.backend.download(handle)] as const)),
    );
  }

  /** Goes on from a state: with the same batches the same numbers follow as if training had never stopped. */
  async restore(state: TrainerState): Promise<void> {
    for (const [name, { shape }] of Object.entries(this.plan.state)) {
      const found = state[name];
      check(
        found && String(found.shape) === String(shape),
        "restore",
        () => `the state needs ${name} of shape [${shape}], got ${found ? `[${found.shape}]` : "none"}`,
      );
    }
    this.disposeHandles();
    const names = Object.keys(this.plan.state);
    const handles = await Promise.all(names.map((name) => this.backend.upload(state[name] as HostTensor)));
    this.handles = new Map(names.map((name, index) => [name, handles[index] as T]));
    this.steps = toScalar(state.step as HostTensor);
  }

  /** Frees everything. A second call does nothing. */
  async dispose(): Promise<void> {
    this.disposeHandles();
    for (const handle of this.frozen.values()) this.backend.dispose(handle);
    await Promise.all([...this.programs.values()].map(({ executable }) => executable.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  /** The program of a batch's shapes, compiled when they come for the first time. */
  private async programFor(batch: Named<HostTensor>): Promise<Program<T>> {
    const variants = variantsOf(this.options);
    if (variants.length === 1) return this.programs.values().next().value as Program<T>;
    const shapes = shapesOf(batch);
    const types = variants.find((variant) => shapesOf(variant) === shapes);
    check(types, "train", () => {
      return `the batch must have the shapes ${variants.map(shapesOf).join(" or ")}, got ${shapes}`;
    });
    const program = this.programs.get(shapes) ?? (await compileStep(this.backend, this.options, types));
    this.programs.set(shapes, program);
    return program;
  }

  /** Names of the tensors of the state that hold something that is not a finite number. */
  private async nonFiniteTensors(): Promise<readonly string[]> {
    const state = Object.entries(await this.state());
    return state.flatMap(([name, value]) =>
      Array.prototype.every.call(toNumbers(value), Number.isFinite) ? [] : [name],
    );
  }

  private requireHandles(): Map<string, T> {
    check(this.handles, "train", () => "the trainer was disposed, or its last step did not finish: restore a state");
    return this.handles;
  }

  private disposeHandles(): void {
    for (const handle of this.handles?.values() ?? []) this.backend.dispose(handle);
    this.handles = undefined;
  }
}

/** A step for one set of shapes. */
interface Program<T> {
  readonly plan: TrainingGraph;
  readonly executable: Executable<T>;
}

async function compileStep<T>(backend: Backend<T>, options: TrainerOptions, batch: BatchTypes): Promise<Program<T>> {
  const plan = trainingGraph({ ...options, batch });
  const donated = Object.entries(plan.state).map(([name, input]) => ({
    input,
    output: plan.outputs.state[name] as number,
  }));
  const signal = options.signal && { signal: options.signal };
  return { plan, executable: await backend.compile(plan.graph, { donated, ...signal }) };
}

function variantsOf({ batch }: TrainerOptions): readonly BatchTypes[] {
  return Array.isArray(batch) ? (batch as readonly BatchTypes[]) : [batch as BatchTypes];
}

/** `tokens [32, 64], labels [32]`, by name. */
function shapesOf(batch: Named<{ readonly shape: readonly Dim[] }>): string {
  const parts = Object.entries(batch).map(([name, { shape }]) => `${name} ${printShape(shape)}`);
  return parts.sort().join(", ");
}

function initialState(plan: TrainingGraph, options: TrainerOptions): TrainerState {
  const parameters = initializeParameters(options.parameters, options.seed ?? 0);
  const zeros = (shape: readonly number[]): HostTensor => tensor(new Float32Array(elementCount(shape)), shape);
  return mapNamed(plan.state, (input, name) => {
    return name === "step" ? scalar(0) : (parameters[name] ?? zeros(input.shape as readonly number[]));
  });
}
