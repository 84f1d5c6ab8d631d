import { type ValueAndGradients, valueAndGradients } from "../autodiff/gradient.js";
import { dropout } from "../composites/dropout.js";
import { check } from "../errors.js";
import { type Graph, graph } from "../graph/graph.js";
import type { Drop } from "../nn/block.js";
import { mapNamed, type Named, type ParameterSpecs, parameterInputs } from "../nn/parameters.js";
import { add, cast, concat, constant, less, mul, reduceSum, reshape, slice } from "../primitives/operations.js";
import { printShape } from "../tensor/dimension.js";
import { elementCount } from "../tensor/host-tensor.js";
import { Tensor, type TensorType } from "../tensor/tensor.js";
import { clipFactor, globalNorm } from "./gradient-norm.js";
import type { Optimizer } from "./optimizer.js";
import { joinGroup, parameterGroups, splitGroup } from "./parameter-groups.js";

/** The loss of a model on a batch: a scalar, averaged over the batch. */
export type Loss = (parameters: Named<Tensor>, batch: Named<Tensor>, drop: Drop) => Tensor;

export interface TrainingGraphOptions {
  readonly parameters: ParameterSpecs;
  /** Weights that the loss reads beside the parameters and that stay as they are. Default: none. */
  readonly frozen?: ParameterSpecs | undefined;
  readonly loss: Loss;
  /** Types of the batch's tensors; the first axis of each is the batch. */
  readonly batch: Named<TensorType>;
  readonly optimizer: Optimizer;
  /** Largest global norm of the gradients. Default: not clipped. */
  readonly clipNorm?: number | undefined;
  /** Share of elements that are dropped in training. Default 0. */
  readonly dropout?: number | undefined;
  /** Into how many parts each batch is cut, whose gradients are summed: less memory, and better use of caches. Default 1. */
  readonly parts?: number | undefined;
}

/** One training step as a graph, and where everything stands in it. */
export interface TrainingGraph {
  readonly graph: Graph;
  /** Inputs that the step replaces, by name: parameters, slots (`<parameter or group>/<slot>`) and `step`. */
  readonly state: Named<Tensor>;
  readonly batch: Named<Tensor>;
  readonly frozen: Named<Tensor>;
  /** Masks to make on the host for every step. */
  readonly masks: Named<Tensor>;
  /** Index of each output: loss and global gradient norm in one tensor [2], and the state by the names above. */
  readonly outputs: { readonly metrics: number; readonly state: Named<number> };
}

/** Forward, backward, clipping and update as one graph. */
export function trainingGraph(options: TrainingGraphOptions): TrainingGraph {
  const { optimizer, clipNorm, parts = 1 } = options;
  const parameters = parameterInputs(options.parameters);
  const frozen = parameterInputs(options.frozen ?? {});
  const groups = parameterGroups(options.parameters);
  const step = Tensor.input({ shape: [], dtype: "float32" }, "step");
  const batch = mapNamed(options.batch, (type, name) => Tensor.input(type, name));
  const masks: Record<string, Tensor> = {};
  const { loss, gradients } = summedGradients(options, { frozen, parameters }, batch, masks, parts);
  const norm = globalNorm(Object.values(gradients));
  const nextStep = add(step, 1);
  const gradientScale = clipNorm === undefined ? constant(1) : clipFactor(norm, clipNorm);
  const update = optimizer.begin({ step: nextStep, gradientScale });
  const updated: Record<string, Tensor> = { step: nextStep };
  const state: Record<string, Tensor> = { step };
  for (const group of groups) {
    const names = group.members.map(({ name }) => name);
    const joined = (values: Named<Tensor>) =>
      joinGroup(
        group,
        names.map((name) => values[name] as Tensor),
      );
    const slots = optimizer.slots.map((slot) => {
      return Tensor.input({ shape: group.shape, dtype: "float32" }, slotName(group.name, slot));
    });
    const next = update(joined(parameters), joined(gradients), slots, group.decay);
    splitGroup(group, next.parameter).forEach((parameter, index) => {
      const name = names[index] as string;
      state[name] = parameters[name] as Tensor;
      updated[name] = parameter;
    });
    optimizer.slots.forEach((slot, index) => {
      state[slotName(group.name, slot)] = slots[index] as Tensor;
      updated[slotName(group.name, slot)] = next.slots[index] as Tensor;
    });
  }
  const stateNames = Object.keys(updated);
  const whole = graph(
    [stateNames.map((name) => state[name] as Tensor), frozen, batch, masks].flatMap((inputs) => Object.values(inputs)),
    [concat([reshape(loss, [1]), reshape(norm, [1])], 0), ...Object.values(updated)],
  );
  const position = new Map(stateNames.map((name, index) => [name, index + 1]));
  return {
    graph: whole,
    state,
    batch,
    frozen,
    masks,
    outputs: { metrics: 0, state: mapNamed(updated, (_, name) => position.get(name) as number) },
  };
}

/** `<parameter or group>/<slot>`. */
export function slotName(parameter: string, slot: string): string {
  return `${parameter}/${slot}`;
}

/** Loss and gradients of the whole batch, from those of its parts. */
function summedGradients(
  options: TrainingGraphOptions,
  { frozen, parameters }: Readonly<Record<"frozen" | "parameters", Named<Tensor>>>,
  batch: Named<Tensor>,
  masks: Record<string, Tensor>,
  parts: number,
): { readonly loss: Tensor; readonly gradients: Named<Tensor> } {
  const names = Object.keys(parameters);
  const weights = Object.values(parameters);
  const results: ValueAndGradients[] = [];
  for (let part = 0; part < parts; part++) {
    const before = results.at(-1)?.gradients;
    const own = mapNamed(batch, (tensor) => {
      const rows = partOf(tensor, part, parts);
      return before && rows.dtype === "int32" ? after(rows, before) : rows;
    });
    const drop = dropWith(options.dropout ?? 0, masks, parts === 1 ? "" : `.${part}`);
    const value = options.loss({ ...frozen, ...parameters }, own, drop);
    results.push(valueAndGradients(parts === 1 ? value : mul(value, 1 / parts), weights));
  }
  return {
    loss: results.map(({ value }) => value).reduce((a, b) => add(a, b)),
    gradients: Object.fromEntries(
      names.map((name, index) => [
        name,
        results.map(({ gradients }) => gradients[index] as Tensor).reduce((a, b) => add(a, b)),
      ]),
    ),
  };
}

/**
 * An int32 tensor as it is, to be computed only when others have been: parts then follow one another, and the memory of
 * one serves the next. It adds a comparison of a number with itself, which is 0 whatever the number.
 */
function after(tensor: Tensor, others: readonly Tensor[]): Tensor {
  const firsts = others.map((other) =>
    slice(reshape(other, [elementCount(other.shape as readonly number[])]), { 0: [0, 1] }),
  );
  const sum = reshape(reduceSum(concat(firsts, 0)), []);
  return add(tensor, cast(less(sum, sum), "int32"));
}

function partOf(tensor: Tensor, part: number, parts: number): Tensor {
  if (parts === 1) return tensor;
  const [size] = tensor.shape;
  check(typeof size === "number" && size % parts === 0, "trainingGraph", () => {
    return `parts must divide the batch, got ${parts} and ${printShape(tensor.shape)}`;
  });
  const length = size / parts;
  return slice(tensor, { 0: [part * length, (part + 1) * length] });
}

/** Dropout whose masks become inputs of the graph, named after what they are applied to. */
function dropWith(rate: number, masks: Record<string, Tensor>, suffix: string): Drop {
  if (rate === 0) return (x) => x;
  return (x, name) => {
    const mask = Tensor.input({ shape: x.shape, dtype: "bool" }, `dropout.${name}${suffix}`);
    masks[`dropout.${name}${suffix}`] = mask;
    return dropout(x, mask, rate);
  };
}
