import { productOfDims } from "@relpos/core";
import type { CompositeCall } from "@relpos/core/backend";
import { flag, float, int, text } from "../model/model.js";
import { attention } from "./attention.js";
import { type Provider, tensorsOfShader } from "./context.js";
import { attributesOf, type Claim, everywhere, type Fusion, never, ofType, typeOf } from "./fusion.js";
import { matMulNBits } from "./mat-mul-n-bits.js";
import { linear, scaledMatMul } from "./matrix-products.js";
import { layerNorm, rmsNorm } from "./norms.js";
import { alongDiagonals, relativeShift } from "./relative-shift.js";
import { rotaryEmbedding } from "./rotary-embedding.js";

const halfAndFull = ofType("float32", "float16");

/** Calls with elements: WebGPU's kernel refuses to do nothing. */
const notEmpty: Claim = (call) => halfAndFull(call) && !typeOf(call, 0).shape.includes(0);

/** One ONNX operation along an axis. */
const alongAxis = (operation: string, webgpu: Claim): Fusion => ({
  supports: { cpu: halfAndFull, webgpu, cuda: halfAndFull },
  lower: (context, call) => {
    const { axis } = attributesOf<{ axis: number }>(call);
    return [context.node(operation, call.values, { axis: int(axis) })];
  },
});

const sigmoid: Fusion = {
  supports: everywhere(halfAndFull),
  lower: (context, { values }) => [context.node("Sigmoid", values)],
};

const silu: Fusion = {
  supports: everywhere(halfAndFull),
  lower: (context, { values }) => [context.node("QuickGelu", values, { alpha: float(1) }, "com.microsoft")],
};

const gelu: Fusion = {
  supports: everywhere(halfAndFull),
  lower: (context, call) => {
    const { approximate } = attributesOf<{ approximate: string }>(call);
    return [context.node("Gelu", call.values, { approximate: text(approximate) })];
  },
};

const mean: Fusion = {
  supports: everywhere(halfAndFull),
  lower: (context, call) => {
    const { axis, keepDims } = attributesOf<{ axis: number; keepDims: boolean }>(call);
    return [context.node("ReduceMean", [call.values[0], context.int64([axis])], { keepdims: flag(keepDims) })];
  },
};

const inOneShader: Claim = (call) => halfAndFull(call) && call.outputs.length < tensorsOfShader;

const split: Fusion = {
  supports: { cpu: halfAndFull, webgpu: inOneShader, cuda: halfAndFull },
  lower: (context, call) => {
    const { axis, sizes } = attributesOf<{ axis: number; sizes: readonly number[] }>(call);
    const needed = sizes.map(() => true);
    return context.outputs("Split", [call.values[0], context.int64(sizes)], needed, { axis: int(axis) });
  },
};

/** From so many rows on, adding one by one is faster than the product with one-hot rows. */
const scatteredRows = 512;

/**
 * ScatterElements adds in order, on one thread. ScatterND is not used: on CPU its threads add to the same row at the same
 * time, and updates get lost.
 */
const scatterAdd: Fusion = {
  supports: {
    cpu: (call) =>
      ofType("float32")({ ...call, inputs: call.inputs.slice(1) }) && (call.attributes.size as number) >= scatteredRows,
    webgpu: never,
    cuda: never,
  },
  lower: (context, call) => {
    const [indices, updates] = call.values as readonly [string, string];
    const { shape } = typeOf(call, 1);
    const rank = typeOf(call, 0).shape.length;
    const trailing = shape.slice(rank);
    const width = trailing.length;
    const flatIndices = context.node("Reshape", [indices, context.int64([-1, ...trailing.map(() => 1)])]);
    const flatUpdates = context.node("Reshape", [
      updates,
      context.sizes([productOfDims(shape.slice(0, rank)), ...trailing]),
    ]);
    const spread = width === 0 ? flatIndices : context.node("Expand", [flatIndices, context.sizes([1, ...trailing])]);
    const zeros = context.node("ConstantOfShape", [context.sizes(call.outputs[0]?.shape ?? [])]);
    return [context.node("ScatterElements", [zeros, spread, flatUpdates], { axis: int(0), reduction: text("add") })];
  },
};

/** Of equal ones the first comes first, as ONNX has it. */
const topK: Fusion = {
  supports: { cpu: notEmpty, webgpu: never, cuda: never },
  lower: (context, call) => {
    const { k } = attributesOf<{ k: number }>(call);
    const [values, indices] = context.outputs("TopK", [call.values[0], context.int64([k])], [true, true]) as [
      string,
      string,
    ];
    return [values, context.cast(indices, "int32")];
  },
};

/** Every composite that some provider runs fused, by name. Those that are not here are decomposed. */
export const fusions: Readonly<Record<string, Fusion>> = {
  softmax: alongAxis("Softmax", notEmpty),
  logSoftmax: alongAxis("LogSoftmax", never),
  sigmoid,
  silu,
  gelu,
  mean,
  split,
  layerNorm,
  rmsNorm,
  linear,
  matMulNBits,
  scaledMatMul,
  scatterAdd,
  rotaryEmbedding,
  relativeShift,
  alongDiagonals,
  attention,
  topK,
};

/** What a provider runs fused, as `Backend.supports` asks it. */
export function claims(provider: Provider): (call: CompositeCall) => boolean {
  return (call) => fusions[call.name]?.supports[provider](call) ?? false;
}

/** Composites that become operations of com.microsoft; ONNX Runtime fuses what they are made of just as well when it opens a model. */
const extensions: ReadonlySet<string> = new Set(["silu", "scaledMatMul"]);

/** What the standard operators of a CPU do, for models that other programs run; of ONNX Runtime's own there is MatMulNBits alone. */
export function standardClaims(call: CompositeCall): boolean {
  return !extensions.has(call.name) && claims("cpu")(call);
}
