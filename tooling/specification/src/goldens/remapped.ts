import { exactTensor, type Tensor } from "@relpos/core";
import {
  alibi,
  type DualChunkOptions,
  distanceMatrix,
  dualChunk,
  dualChunkDistance,
  type ReropeOptions,
  rerope,
  reropeDistance,
  rope,
  type SelfExtendOptions,
  selfExtend,
  selfExtendDistance,
} from "@relpos/core/encodings";
import { attentionPredictions, scaleOf } from "./attention.js";
import { type Checker, type Checkers, choice, numberOf, type Prediction } from "./checker.js";
import type { GoldenCase } from "./golden-case.js";

const layouts = { "half-split": { interleaved: false } };

const rotaryOf = (golden: GoldenCase) => ({
  ...choice(golden, "layout", layouts),
  base: numberOf(golden, "theta"),
});

/** The reference's effective distances, by the host function. */
function remapOf(golden: GoldenCase, distance: (query: number, key: number) => number): Prediction {
  const [length] = golden.outputs.get("remap")?.shape ?? [0];
  const matrix = distanceMatrix(length as number, distance);
  return { path: "remap", value: exactTensor(matrix, [length as number, length as number]), by: "host function" };
}

const selfExtended: Checker = (golden, input) => {
  const trainLength = numberOf(golden, "scaleBase");
  const options: SelfExtendOptions = {
    ...rotaryOf(golden),
    group: numberOf(golden, "groupSize"),
    window: numberOf(golden, "window"),
    trainLength: trainLength > 0 ? trainLength : undefined,
  };
  return [
    remapOf(golden, (query, key) => selfExtendDistance(query, key, options)),
    ...attentionPredictions(golden, input, { encoding: selfExtend(options), scale: scaleOf(golden) }),
  ];
};

const rectified: Checker = (golden, input) => {
  const options: ReropeOptions = {
    ...rotaryOf(golden),
    window: numberOf(golden, "window"),
    leak: golden.params.leakyFactor === null ? undefined : numberOf(golden, "leakyFactor"),
    trainLength: numberOf(golden, "trainingLength"),
  };
  return [
    remapOf(golden, (query, key) => reropeDistance(query - key, options)),
    ...attentionPredictions(golden, input, { encoding: rerope(options), scale: scaleOf(golden) }),
  ];
};

/** The reference's own output is that of the exact softmax where its merge weights are not rounded, as in its float64 run. */
const chunked: Checker = (golden, input) => {
  const options: DualChunkOptions = {
    ...rotaryOf(golden),
    chunk: numberOf(golden, "chunkSize"),
    window: numberOf(golden, "localWindow"),
    maximumPosition: numberOf(golden, "maxPosition"),
  };
  const predictions = attentionPredictions(golden, input, { encoding: dualChunk(options), scale: scaleOf(golden) });
  const output = predictions.find(({ path }) => path === "out_causal")?.value as Tensor;
  return [
    remapOf(golden, (query, key) => dualChunkDistance(query, key, options)),
    { path: "out_reference", value: output },
    ...predictions,
  ];
};

/** An encoding at positions that are sorted and distinct, but not consecutive. */
const atGivenPositions: Checker = (golden, input) => {
  const scale = scaleOf(golden);
  return "theta" in golden.params
    ? attentionPredictions(golden, input, { encoding: rope(rotaryOf(golden)), scale })
    : attentionPredictions(golden, input, { encoding: alibi({ symmetric: true }), causalEncoding: alibi(), scale });
};

/** Checkers of Self-Extend. */
export const selfExtendCheckers: Checkers = { attention: selfExtended };
/** Checkers of ReRoPE and leaky ReRoPE. */
export const reropeCheckers: Checkers = { attention: rectified };
/** Checkers of dual chunk attention. */
export const dualChunkCheckers: Checkers = { attention: chunked };
/** Checkers of randomized positions. */
export const randomizedCheckers: Checkers = { attention: atGivenPositions };
