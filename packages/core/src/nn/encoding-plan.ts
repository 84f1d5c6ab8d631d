import type { ParameterScope, PositionEncoding } from "../encodings/encoding.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Named, type ParameterSpecs, scoped } from "./parameters.js";
import type { ResolvedStack } from "./transformer-options.js";

/** Which encoding each layer has, and where its parameters are. */
export interface EncodingPlan {
  readonly parameters: ParameterSpecs;
  /** Embeddings with the positions of every encoding that puts them there. */
  embed(parameters: Named<Tensor>, x: Tensor, positions: Tensor, tokens?: Tensor): Tensor;
  /** A layer's encoding with its parameters. */
  layer(parameters: Named<Tensor>, index: number): { encoding: PositionEncoding; encodingParameters: Named<Tensor> };
}

/**
 * Lays out the encodings of a model. One set of parameters serves all layers that have the same encoding value
 * (`position.<kind>`, numbered where several are of a kind), or each layer has its own (`layers.<n>.position`), as the
 * encoding's scope says, or a parameter's own.
 */
export function encodingPlan(options: ResolvedStack): EncodingPlan {
  const { layers } = options;
  const ofLayer = Array.from({ length: layers }, (_, index) => options.position(index, layers));
  const distinct = [...new Set(ofLayer)];
  const sharedPrefix = new Map(
    distinct.map((encoding): [PositionEncoding, string] => [encoding, nameOf(encoding, distinct)]),
  );
  const prefixes = (index: number): Readonly<Record<ParameterScope, string>> => ({
    model: sharedPrefix.get(ofLayer[index] as PositionEncoding) as string,
    layer: `layers.${index}.position`,
  });
  const parameters: Record<string, ParameterSpecs[string]> = {};
  ofLayer.forEach((encoding, index) => {
    for (const [name, { scope = encoding.scope ?? "model", ...spec }] of Object.entries(
      encoding.parameters?.(options) ?? {},
    )) {
      parameters[`${prefixes(index)[scope]}.${name}`] = spec;
    }
  });
  const ownOf = (weights: Named<Tensor>, index: number): Named<Tensor> => {
    const { model, layer } = prefixes(index);
    return { ...scoped(model, weights), ...scoped(layer, weights) };
  };
  return {
    parameters,
    embed: (weights, x, positions, tokens) => {
      return distinct.reduce((embedded, encoding) => {
        const own = ownOf(weights, ofLayer.indexOf(encoding));
        return encoding.embed?.({ parameters: own, x: embedded, positions, tokens }) ?? embedded;
      }, x);
    },
    layer: (weights, index) => ({
      encoding: ofLayer[index] as PositionEncoding,
      encodingParameters: ownOf(weights, index),
    }),
  };
}

function nameOf(encoding: PositionEncoding, all: readonly PositionEncoding[]): string {
  const sameKind = all.filter((other) => other.kind === encoding.kind);
  const number = sameKind.indexOf(encoding);
  return `position.${encoding.kind}${number === 0 ? "" : number + 1}`;
}
