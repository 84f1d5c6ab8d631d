import type { AppliedAdapter, Model } from "@relpos/checkpoints";
import { check, type HostTensor, type Tensor } from "@relpos/core";
import { type Backend, type CompositeNode, callOf, type Executable, type FileTensor } from "@relpos/core/backend";
import { type Named, parameterInputs } from "@relpos/core/nn";
import { hold, specsOn } from "./held-weights.js";
import { type StepGraph, type StepKind, stepGrowing, stepWithRoom } from "./step-graph.js";

/** A value in memory, or its place in a file for backends that map files. */
type Weight = readonly [name: string, value: HostTensor | FileTensor];

/** Values of parameters by name, one after another. */
export type Weights = Iterable<Weight> | AsyncIterable<Weight>;

/** A step that was compiled. */
export interface Step extends StepGraph {
  readonly executable: Executable;
}

/** A decoder's weights on a backend, and its steps, which sessions share. */
export class LanguageModel {
  readonly model: Model;
  readonly backend: Backend;
  readonly parameters: Named<Tensor>;
  /** Whether keys and values are written into caches with room, or caches made anew with each step. */
  readonly hasRoom: boolean;
  readonly #weights: ReadonlyMap<Tensor, unknown>;
  readonly #steps = new Map<string, Promise<Step>>();
  /** Whether the weights are freed with the model, or are another's. */
  readonly #owns: boolean;
  /** Whether one step of a single text serves prompts and tokens alike, once it is known. */
  #any: boolean | undefined;
  #adapter: HeldAdapter | undefined;
  #version = 0;
  #closed = false;

  private constructor(
    model: Model,
    backend: Backend,
    parameters: Named<Tensor>,
    weights: ReadonlyMap<Tensor, unknown>,
    owns: boolean,
  ) {
    this.#owns = owns;
    this.model = model;
    this.backend = backend;
    this.parameters = parameters;
    this.hasRoom = model.cache?.hasRoom ?? false;
    this.#weights = weights;
  }

  /**
   * Gives a decoder's weights to a backend, each before the next is read; the memory of the values is given away with
   * them. Errors when the model gives no scores of a next token, or a weight is missing.
   */
  static async create(model: Model, values: Weights, backend: Backend): Promise<LanguageModel> {
    check(model.task === "causal-lm", "LanguageModel", () => `task must be causal-lm, got ${model.task}`);
    const parameters = parameterInputs(specsOn(backend, model.parameters));
    const weights = new Map<Tensor, unknown>();
    try {
      for await (const [name, value] of values) {
        const input = parameters[name];
        if (input) weights.set(input, await hold(backend, value, input.dtype));
      }
      const missing = Object.keys(parameters).filter((name) => !weights.has(parameters[name] as Tensor));
      check(
        missing.length === 0,
        "LanguageModel",
        () => `every weight must be given, ${missing.join(", ")} is missing`,
      );
    } catch (error) {
      for (const handle of weights.values()) backend.dispose(handle);
      throw error;
    }
    return new LanguageModel(model, backend, parameters, weights, true);
  }

  /** A decoder whose weights a backend holds already, and which stay the caller's: those of a training, by parameters' names. */
  static over(model: Model, handles: Named<unknown>, backend: Backend): LanguageModel {
    const parameters = parameterInputs(model.parameters);
    const weights = new Map(Object.entries(parameters).map(([name, input]) => [input, handles[name]]));
    return new LanguageModel(model, backend, parameters, weights, false);
  }

  /** The weights: constants of every graph. */
  get weights(): ReadonlyMap<Tensor, unknown> {
    check(!this.#closed, "LanguageModel", () => "the model is closed");
    return this.#weights;
  }

  /** The model with its adapter, and an input for each weight that it reads. */
  get running(): { readonly model: Model; readonly parameters: Named<Tensor> } {
    const { model, parameters } = this;
    if (!this.#adapter) return { model, parameters };
    return { model: this.#adapter.model, parameters: { ...parameters, ...this.#adapter.inputs } };
  }

  /** What is fed to each step beside its own inputs: the adapter's weights. */
  get fed(): ReadonlyMap<Tensor, unknown> {
    return this.#adapter?.handles ?? new Map();
  }

  /** Changes with each adapter: what was computed before is then of other weights. */
  get version(): number {
    return this.#version;
  }

  /**
   * Runs with an adapter beside the weights, or as it was without one, from the next step on: sessions compute their caches
   * anew. Steps are compiled again where the adapter changes other weights than the one before, or has another rank.
   */
  async setAdapter(adapter: AppliedAdapter | undefined): Promise<void> {
    check(!this.#closed, "setAdapter", () => "the model is closed");
    const before = this.#adapter;
    const keeps = before !== undefined && adapter !== undefined && sameForm(before, adapter);
    const next = adapter && (await holdAdapter(this.backend, adapter, keeps ? before.inputs : undefined));
    this.#adapter = next;
    this.#version++;
    for (const handle of before?.handles.values() ?? []) this.backend.dispose(handle);
    if (keeps) return;
    const steps = [...this.#steps.values()];
    this.#steps.clear();
    this.#any = undefined;
    for (const step of steps) await (await step).executable.close();
  }

  /** The step of a kind, compiled when it is first asked for; one for all lengths where the backend runs its attention fused. */
  step(asked: StepKind): Promise<Step> {
    const kind = this.#takesAny(asked) ? ofAnyLength(asked) : asked;
    const known = this.#steps.get(keyOf(kind)) ?? this.#compile(this.#graph(kind));
    this.#steps.set(keyOf(kind), known);
    known.catch(() => this.#steps.delete(keyOf(kind)));
    return known;
  }

  /** Compiles the steps of one text whose likeliest tokens are taken: a prompt's, and a single token's. */
  async prepare(): Promise<void> {
    const usual = { batch: 1, choice: "token" } as const;
    await Promise.all([
      this.step({ ...usual, tokens: "many", hasPast: false }),
      this.step({ ...usual, tokens: "one", hasPast: true }),
    ]);
  }

  /** Whether one step serves prompts and tokens alike: it holds the weights once. What was traced to know it is compiled. */
  #takesAny(asked: StepKind): boolean {
    if (!this.hasRoom || asked.batch > 1) return false;
    if (this.#any !== undefined) return this.#any;
    const step = this.#graph(ofAnyLength(asked));
    const attentions = step.graph.nodes.filter((node) => node.op === "attention") as readonly CompositeNode[];
    this.#any = attentions.every((node) => this.backend.supports?.(callOf(node)) ?? false);
    if (this.#any) this.#steps.set(keyOf(ofAnyLength(asked)), this.#compile(step));
    return this.#any;
  }

  #graph(kind: StepKind): StepGraph {
    const { model, parameters } = this.running;
    return (this.hasRoom ? stepWithRoom : stepGrowing)(model, parameters, kind);
  }

  async #compile(step: StepGraph): Promise<Step> {
    const { donated } = step;
    return { ...step, executable: await this.backend.compile(step.graph, { donated, constants: this.weights }) };
  }

  /** Frees weights and steps; sessions can do nothing after it. A second call does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const step of this.#steps.values()) await (await step).executable.close();
    for (const handle of this.#adapter?.handles.values() ?? []) this.backend.dispose(handle);
    if (this.#owns) for (const handle of this.#weights.values()) this.backend.dispose(handle);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const ofAnyLength = (kind: StepKind): StepKind => ({ ...kind, tokens: "any", hasPast: true });

const keyOf = ({ batch, tokens, hasPast, choice }: StepKind): string =>
  JSON.stringify([batch, tokens, hasPast, choice]);

/** An adapter whose weights a backend holds. */
interface HeldAdapter extends Pick<AppliedAdapter, "model" | "config" | "changes"> {
  readonly inputs: Named<Tensor>;
  readonly handles: ReadonlyMap<Tensor, unknown>;
}

async function holdAdapter(
  backend: Backend,
  { model, config, changes, parameters, weights }: AppliedAdapter,
  inputs: Named<Tensor> = parameterInputs(parameters),
): Promise<HeldAdapter> {
  const handles = new Map<Tensor, unknown>();
  for (const [name, input] of Object.entries(inputs))
    handles.set(input, await backend.upload(weights[name] as HostTensor));
  return { model, config, changes, inputs, handles };
}

/** Whether two adapters change the same weights alike, so that one's steps serve the other. */
const sameForm = (a: Pick<HeldAdapter, "config">, b: Pick<HeldAdapter, "config">): boolean =>
  JSON.stringify(a.config) === JSON.stringify(b.config);
