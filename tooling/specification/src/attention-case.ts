import { constant, type HostTensor, iota, run, type Tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import type { PositionEncoding } from "@relpos/core/encodings";
import { encodedAttention, encodedScores, type Named } from "@relpos/core/nn";
import { namedAs } from "./parameters.js";

/** Attention with an encoding. */
export interface AttentionCase {
  readonly encoding: PositionEncoding;
  /** [B, H, Q, D]. */
  readonly query: HostTensor;
  /** [B, Hkv, K, D]. */
  readonly key: HostTensor;
  /** [B, Hkv, K, D]. Default: the keys. */
  readonly value?: HostTensor;
  /** Positions of the queries, and of the keys. Default: both as many as there are, from 0 on. */
  readonly queryPositions?: HostTensor | undefined;
  readonly keyPositions?: HostTensor | undefined;
  /** Default: the encoding has none. */
  readonly parameters?: Named<HostTensor>;
  /** State of the tokens [B, K, n], for encodings that have one. */
  readonly state?: HostTensor | undefined;
  /** The layer's input for the queries [B, Q, width]. */
  readonly x?: HostTensor;
  /** Bool, broadcasts to [B, H, Q, K]. */
  readonly mask?: HostTensor | undefined;
  /** Default `true`. */
  readonly causal?: boolean;
  /** Default 1/√D. */
  readonly scale?: number;
}

/** What enters softmax [B, H, Q, K]. */
export function scoresOf(backend: Backend, given: AttentionCase): Promise<HostTensor> {
  return runCase(backend, given, ({ query, key, options }) => encodedScores(query, key, options));
}

/** Attention's output [B, H, Q, D]. */
export function outputOf(backend: Backend, given: AttentionCase): Promise<HostTensor> {
  return runCase(backend, given, ({ query, key, value, options }) => {
    return encodedAttention(query, key, value, options).output;
  });
}

interface Call {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly options: Parameters<typeof encodedAttention>[3];
}

function runCase(backend: Backend, given: AttentionCase, f: (call: Call) => Tensor): Promise<HostTensor> {
  const { encoding, query, key, value = key, mask, causal = true, parameters = {} } = given;
  const { queryPositions, keyPositions, state, x } = given;
  const inputs = Object.entries({ query, key, value, queryPositions, keyPositions, state, x });
  const held = Object.fromEntries(inputs.filter(([, tensor]) => tensor !== undefined)) as Named<HostTensor>;
  const scale = given.scale ?? (query.shape[3] as number) ** -0.5;
  return run(
    backend,
    (...tensors) => {
      const { query, key, value, ...others } = namedAs(held, tensors) as Record<string, Tensor> & Omit<Call, "options">;
      const counted = { queryPositions: countedFrom0(query), keyPositions: countedFrom0(key) };
      const own = namedAs(parameters, tensors.slice(Object.keys(held).length));
      const options = { encoding, parameters: own, ...counted, ...others, mask: mask && constant(mask), causal, scale };
      return f({ query, key, value, options });
    },
    ...Object.values(held),
    ...Object.values(parameters),
  );
}

/** 0, 1, … for every query or key of [B, H, S, D]. */
const countedFrom0 = ({ shape }: Tensor): Tensor => iota([shape[2] as number]);
