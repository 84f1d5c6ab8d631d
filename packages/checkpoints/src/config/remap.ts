import { check } from "@relpos/core";
import {
  dualChunk,
  dualChunkSizes,
  type PositionEncoding,
  type RopeOptions,
  rerope,
  selfExtend,
} from "@relpos/core/encodings";
import type { RemapOverride } from "./rope-override.js";

/** Other distances for a rotary embedding, with all settings. */
export interface Remap {
  readonly override: RemapOverride;
  /** Most tokens that a model can see with it. Default: no limit. */
  readonly contextLength?: number | undefined;
  /** The encoding in place of a rotary embedding. Errors where that depends on the length. */
  encoding(options: RopeOptions): PositionEncoding;
}

type Named<Type extends RemapOverride["type"]> = Extract<RemapOverride, { readonly type: Type }>;

/** A quarter of the length that a model reads, at most so many tokens. */
const quarter = (reach: number, most: number): number => Math.max(1, Math.min(most, Math.floor(reach / 4)));

function checkWithin(type: string, name: string, value: number, reach: number): void {
  check(value < reach, "rope", () => `${name} of ${type} must be below the context of ${reach}, got ${value}`);
}

const remaps: {
  readonly [Type in RemapOverride["type"]]: (
    given: Named<Type>,
    reach: number,
  ) => {
    readonly override: Named<Type>;
    readonly contextLength?: number | undefined;
    readonly encode: (options: RopeOptions) => PositionEncoding;
  };
} = {
  // As far as the last group is at a distance that was trained: Jin et al., arXiv:2401.01325 §3.
  "self-extend": (given, reach) => {
    const { type, group = 4, window = quarter(reach, 1024) } = given;
    checkWithin(type, "window", window, reach);
    return {
      override: { type, group, window },
      contextLength: (reach - window) * group + window,
      encode: (options) => selfExtend({ ...options, group, window }),
    };
  },
  // Distances stay within the chunk at any length.
  "dual-chunk": ({ type, ...given }, reach) => {
    const { chunk, window } = { ...dualChunkSizes(reach), ...defined(given) };
    check(chunk <= reach, "rope", () => `chunk of ${type} must be at most the context of ${reach}, got ${chunk}`);
    return { override: { type, chunk, window }, encode: (options) => dualChunk({ ...options, chunk, window }) };
  },
  // The author's code always has the factor that grows with the logarithm of the position.
  rerope: (given, reach) => {
    const { type, window = quarter(reach, 512), leak } = given;
    checkWithin(type, "window", window, reach);
    return {
      override: { type, window, ...(leak !== undefined && { leak }) },
      contextLength: leak === undefined ? undefined : Math.floor((reach - window) * leak + window),
      encode: (options) => rerope({ ...options, window, leak, trainLength: reach }),
    };
  },
};

const defined = <T extends object>(given: T): Partial<T> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>;

export function isRemap(override: { readonly type: string }): override is RemapOverride {
  return Object.hasOwn(remaps, override.type);
}

/** Whether an encoding has other distances in it. */
export function isRemapped({ kind }: PositionEncoding): boolean {
  return kind.split("+").some((part) => Object.hasOwn(remaps, part.replace(/^leaky-/, "")));
}

/** A remap for a model that reads so many tokens without it. Errors for settings that do not fit that length. */
export function remapOf(given: RemapOverride, reach: number | undefined): Remap {
  check(reach !== undefined, "rope", () => {
    return `the length that the model was trained at must be in its configuration for ${given.type}, it names none`;
  });
  const make = remaps[given.type] as (given: RemapOverride, reach: number) => ReturnType<(typeof remaps)["rerope"]>;
  const { override, contextLength, encode } = make(given, reach);
  return {
    override,
    contextLength,
    encoding: (options) => {
      check(!options.scaling?.rotations, "rope", () => {
        return `${given.type} needs a rotation that is the same at every length, the model's is ${options.scaling?.kind}`;
      });
      return encode(options);
    },
  };
}
