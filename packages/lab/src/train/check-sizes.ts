import { require } from "../compare/errors.js";

/** Sizes of a model and of a batch that it is trained with. */
export interface TrainedSizes {
  readonly layers: number;
  readonly width: number;
  readonly batch: number;
  /** Tokens of a sequence. */
  readonly length: number;
}

const mostLayers = 1024;
const mostNumbers = 2 ** 31;

/** Errors where sizes are beyond what any backend can train, which would end without memory or never begin. */
export function checkSizes({ layers, width, batch, length }: TrainedSizes): void {
  const weights = 12 * layers * width ** 2;
  require(layers <= mostLayers, () => `layers are at most ${mostLayers}, got ${layers}`, () => "try fewer layers");
  require(weights <= mostNumbers, () =>
    `a model has at most ${shown(mostNumbers)} weights, got about ${shown(weights)} by ${layers} layers of width ${width}`, () =>
    "try a lower width");
  const features = batch * length * width;
  require(features <= mostNumbers, () =>
    `batch × length × width is at most ${shown(mostNumbers)}, got ${shown(features)}`, () =>
    "try a smaller batch, or a shorter length");
}

const shown = (count: number): string => count.toLocaleString("en-US");
