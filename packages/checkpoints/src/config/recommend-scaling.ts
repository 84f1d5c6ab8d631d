import { check } from "@relpos/core";
import {
  dualChunkSizes,
  dynamicNtk,
  linearScaling,
  llama3,
  pairRange,
  type RopeConfig,
  type RopeOptions,
  type RopeScaling,
  ropeOptionsFromConfig,
  ropeParametersFromOptions,
  ropeParametersOfConfig,
  type YarnOptions,
  yarn,
} from "@relpos/core/encodings";

/** A way to reach a length. */
export interface ScalingRecommendation {
  /** yarn, llama3, dynamic, linear, self-extend, dual-chunk, or none where the model reaches the length as it is. */
  readonly method: string;
  /** Whether weights must be trained further: not at all, better so, or without fail. */
  readonly training: "none" | "better" | "needed";
  readonly settings: Readonly<Record<string, unknown>>;
  /** The rotary embedding of the model with it, where it is a scaling. */
  readonly rope?: RopeOptions;
  /** The same as a Hugging Face configuration's `rope_parameters`. */
  readonly ropeParameters?: Readonly<Record<string, unknown>>;
  readonly reasons: readonly string[];
}

/** What recommendations go by. */
interface Situation {
  readonly options: RopeOptions;
  /** Number of coordinates that turn. */
  readonly dimension: number;
  readonly base: number;
  /** L₀, the length that the frequencies were trained at. */
  readonly original: number;
  /** The length that the model reaches as it is. */
  readonly reach: number;
  readonly target: number;
  /** target / L₀, to two places upwards. */
  readonly factor: number;
}

/**
 * The ways for a model with rotary positions to reach a length, best first, with their values and the reasons.
 *
 * `config` is a Hugging Face configuration; nested `rope_parameters` need the layer type, usually "full_attention". A model
 * that is scaled already keeps its kind of scaling, with a larger factor.
 */
export function recommendScaling(
  config: RopeConfig,
  targetLength: number,
  layerType?: string,
): readonly ScalingRecommendation[] {
  const situation = situationOf(config, targetLength, layerType);
  const { target, reach, options } = situation;
  if (target <= reach)
    return [
      {
        method: "none",
        training: "none",
        settings: {},
        rope: options,
        reasons: [`the model reaches ${reach} as it is`],
      },
    ];
  const kind = options.scaling?.kind;
  const scaled = kind === undefined ? Object.values(scalings) : kind in scalings ? [scalings[kind]] : [];
  return [...scaled, selfExtend, dualChunk].flatMap((make) => make?.(situation) ?? []).sort(byTraining);
}

const trainingOrder = ["none", "better", "needed"] as const;
const byTraining = (a: ScalingRecommendation, b: ScalingRecommendation): number => {
  // YaRN serves with and without training, so that only what cannot do without stands last.
  const late = ({ training }: ScalingRecommendation) => Math.max(trainingOrder.indexOf(training), 1);
  return late(a) - late(b);
};

function situationOf(config: RopeConfig, target: number, layerType: string | undefined): Situation {
  check(Number.isInteger(target) && target > 0, "recommendScaling", () => {
    return `length must be whole and positive, got ${target}`;
  });
  const fields = ropeParametersOfConfig(config, layerType);
  const options = ropeOptionsFromConfig(config, layerType);
  const reach = config.max_position_embeddings;
  check(typeof reach === "number", "recommendScaling", () => `max_position_embeddings must be a number, got ${reach}`);
  const original = Number(options.scaling ? fields.original_max_position_embeddings : reach);
  const headSize = Number(config.head_dim ?? Number(config.hidden_size) / Number(config.num_attention_heads));
  check(Number.isInteger(headSize), "recommendScaling", () => {
    return `head_dim, or hidden_size and num_attention_heads, must be given, got a head of ${headSize}`;
  });
  const dimension = Math.floor(headSize * (options.share ?? 1));
  const factor = Math.ceil((100 * target) / original) / 100;
  return { options, dimension, base: options.base ?? 10_000, original, reach, target, factor };
}

type Recommend = (situation: Situation) => ScalingRecommendation | undefined;

const scaledWith = ({ options }: Situation, scaling: RopeScaling) => {
  const rope = { ...options, scaling };
  return { settings: scaling.settings, rope, ropeParameters: ropeParametersFromOptions(rope) };
};

/** Settings that a model which has this scaling keeps. */
const kept = ({ options }: Situation): Readonly<Record<string, unknown>> => options.scaling?.settings ?? {};

const scalings: Readonly<Record<string, Recommend>> = {
  yarn: (situation) => {
    const { factor, original: originalMaximum, dimension, base, target } = situation;
    const scaling = yarn({ ...kept(situation), factor, originalMaximum });
    const { betaFast = 32, betaSlow = 1, truncate = true } = scaling.settings as Partial<YarnOptions>;
    const { low, high } = pairRange({ dimension, base }, { originalMaximum, fast: betaFast, slow: betaSlow, truncate });
    return {
      method: "yarn",
      training: "better",
      ...scaledWith(situation, scaling),
      reasons: [
        `pairs up to ${low} of ${dimension / 2} make at least ${betaFast} turns in ${originalMaximum} and stay; those from ${high} on make at most ${betaSlow} and turn ${factor} times slower`,
        `cosines and sines × ${scaling.scaled({ dimension, base }, target).attentionFactor.toFixed(4)}, 0.1·ln ${factor} + 1 unless the model says otherwise`,
        "serves untrained for small factors, and after fewer steps of training than position interpolation (arXiv:2309.00071)",
        "short inputs change too: leave it out where inputs stay short",
      ],
    };
  },
  llama3: (situation) => {
    const { factor, original: originalMaximum } = situation;
    return {
      method: "llama3",
      training: "needed",
      ...scaledWith(situation, llama3({ ...kept(situation), factor, originalMaximum })),
      reasons: [
        `pairs with more than 4 turns in ${originalMaximum} stay, those with less than 1 turn ${factor} times slower`,
        "no factor on the scores, so fused attention of any kind serves; Llama 3.1 was trained further with it",
      ],
    };
  },
  dynamic: (situation) => {
    const { original: originalMaximum, factor } = situation;
    return {
      method: "dynamic",
      training: "none",
      ...scaledWith(situation, dynamicNtk({ ...kept(situation), originalMaximum })),
      reasons: [
        `nothing changes up to ${originalMaximum}; at the target the slowest pair turns ${factor} times slower`,
        "keys must stay raw in the cache, and all are turned anew at every step past that length",
      ],
    };
  },
  linear: (situation) => {
    const { factor, original } = situation;
    return {
      method: "linear",
      training: "needed",
      ...scaledWith(situation, linearScaling({ factor })),
      reasons: [
        `every position is divided by ${factor}, so that none is beyond ${original}`,
        "near tokens are harder to tell apart, so it needs training: some 1000 steps to 16 times the length (arXiv:2306.15595)",
      ],
    };
  },
};

/** Group sizes that the authors of Self-Extend found reasonable. */
const largestGroup = 64;

const selfExtend: Recommend = ({ reach, target }) => {
  const window = Math.min(1024, Math.floor(reach / 4));
  const group = Math.ceil((target - window) / (reach - window));
  if (group > largestGroup) return undefined;
  return {
    method: "self-extend",
    training: "none",
    settings: { group, window },
    reasons: [
      `(${reach} − ${window})·${group} + ${window} = ${(reach - window) * group + window} ≥ ${target}: the smallest group that reaches it; the authors keep windows of 512 to 1536 and groups up to ${largestGroup}`,
      "no frequency changes; twice the products of attention (arXiv:2401.01325)",
      "a larger group can be better where the last positions were seldom trained",
    ],
  };
};

const dualChunk: Recommend = ({ reach, target }) => {
  const { chunk, window } = dualChunkSizes(reach);
  return {
    method: "dual-chunk",
    training: "none",
    settings: { chunk, window },
    reasons: [
      `no distance is beyond ${reach} at any length; ${Math.ceil(target / (chunk - window))} chunks; ¾ and ⅛ of it as in ChunkLlama`,
      "no frequency changes, near tokens keep their distances; joins with the scalings above (arXiv:2402.17463)",
    ],
  };
};
