import { type BlockBits, cast, dequantizeBlocks, encodeFloat16, type HostTensor, type Tensor } from "@relpos/core";
import { type Named, type ParameterSpec, type ParameterSpecs, zeros } from "@relpos/core/nn";
import type { Model } from "../model/model.js";
import { defaultBlock, quantizeBlocks } from "./quantize-blocks.js";

/** In what weights are kept: "fp32", "fp16", or blocks of 8 or 4 bits. */
export type WeightDType = "fp32" | "fp16" | "q8" | "q4";

export const weightDTypes: readonly WeightDType[] = ["fp32", "fp16", "q8", "q4"];

/** How one parameter is kept: its parts, values of them from its own, and what the model computes with. */
interface Keeping {
  readonly parts: ParameterSpecs;
  split(value: HostTensor): Named<HostTensor>;
  join(parts: Named<Tensor>): Tensor;
}

const whole = (spec: ParameterSpec): Keeping => ({
  parts: { "": spec },
  split: (value) => ({ "": value }),
  join: (parts) => parts[""] as Tensor,
});

const inHalf = ({ shape }: ParameterSpec): Keeping => ({
  parts: { "": { shape, initialize: zeros, dtype: "float16" } },
  split: ({ data }) => ({ "": { shape, dtype: "float16", data: Uint16Array.from(data, encodeFloat16) } }),
  join: (parts) => cast(parts[""] as Tensor, "float32"),
});

const inBlocks =
  (bits: BlockBits) =>
  ({ shape }: ParameterSpec): Keeping => {
    const [rows, columns] = shape as readonly [number, number];
    const blocks = columns / defaultBlock;
    return {
      parts: {
        "": { shape: [rows, blocks, (defaultBlock * bits) / 8], initialize: zeros, dtype: "uint8" },
        ".scales": { shape: [rows, blocks], initialize: zeros },
      },
      split: (value) => {
        const { data, scales } = quantizeBlocks(value, bits);
        return { "": data, ".scales": scales };
      },
      join: (parts) => dequantizeBlocks(parts[""] as Tensor, parts[".scales"] as Tensor, bits),
    };
  };

const keepings: Readonly<Record<WeightDType, (spec: ParameterSpec) => Keeping>> = {
  fp32: whole,
  fp16: inHalf,
  q8: inBlocks(8),
  q4: inBlocks(4),
};

/**
 * Matrices that tokens are multiplied with, and tables of embeddings: [out, in] with whole blocks. Norms, biases, tables of positions
 * and tensors of other ranks stay as they are.
 */
function isReduced(name: string, { shape }: ParameterSpec): boolean {
  return (
    /(^|\.)weight$/.test(name) &&
    !/(^|\.)position\./.test(name) &&
    shape.length === 2 &&
    (shape[1] as number) % defaultBlock === 0
  );
}

/** A model whose weights are kept in another form, and how they get into it. */
export interface QuantizedModel {
  readonly model: Model;
  /** A parameter's values as the model's own parameters. */
  split(parameter: string, value: HostTensor): Named<HostTensor>;
}

/** The same model with its weights in fewer bits: a parameter keeps its name, scales stand beside it as `….scales`. */
export function quantizedModel(model: Model, dtype: WeightDType): QuantizedModel {
  const kept = new Map(
    Object.entries(model.parameters).map(([name, spec]) => {
      return [name, isReduced(name, spec) ? keepings[dtype](spec) : whole(spec)] as const;
    }),
  );
  const parameters = Object.fromEntries(
    [...kept].flatMap(([name, { parts }]) => Object.entries(parts).map(([part, spec]) => [`${name}${part}`, spec])),
  );
  const joined = (values: Named<Tensor>): Named<Tensor> =>
    Object.fromEntries(
      [...kept].map(([name, { parts, join }]) => {
        const own = Object.keys(parts).map((part) => [part, values[`${name}${part}`] as Tensor]);
        return [name, join(Object.fromEntries(own))];
      }),
    );
  return {
    model: {
      ...model,
      parameters,
      apply: (values, ...rest) => model.apply(joined(values), ...rest),
    },
    split: (name, value) => {
      const parts = (kept.get(name) as Keeping).split(value);
      return Object.fromEntries(Object.entries(parts).map(([part, own]) => [`${name}${part}`, own]));
    },
  };
}
