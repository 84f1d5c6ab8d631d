import {
  byLayerType,
  dualBase,
  everyNth,
  nopeEvery,
  rope,
  ropeOptionsFromConfig,
  ropeParametersFromOptions,
  ropeScalingFromConfig,
  scaledRopeFrequencies,
} from "@relpos/core/encodings";
import { describe, expect, test } from "vitest";

const factors = { short_factor: [1, 1.1, 1.2, 1.3], long_factor: [1, 2, 4, 8] };

describe("a Hugging Face configuration (invariant 31)", () => {
  test.each([
    { rope_type: "default" },
    { rope_type: "linear", factor: 4 },
    { rope_type: "dynamic", factor: 2, original_max_position_embeddings: 2048 },
    {
      rope_type: "yarn",
      factor: 4,
      original_max_position_embeddings: 2048,
      beta_fast: 16,
      beta_slow: 2,
      truncate: false,
    },
    { rope_type: "yarn", factor: 40, original_max_position_embeddings: 4096, mscale: 1, mscale_all_dim: 0.7 },
    { rope_type: "longrope", factor: 8, original_max_position_embeddings: 2048, ...factors },
    { rope_type: "llama3", factor: 8, original_max_position_embeddings: 8192, low_freq_factor: 1, high_freq_factor: 4 },
    { rope_type: "proportional", partial_rotary_factor: 0.25, factor: 1 },
  ])("$rope_type is read, written and read again", (fields) => {
    const options = ropeOptionsFromConfig({ rope_parameters: { rope_theta: 5e5, ...fields } });
    const written = ropeParametersFromOptions(options);
    expect(written).toMatchObject({ rope_theta: 5e5, ...fields });
    const again = ropeOptionsFromConfig({ rope_parameters: JSON.parse(JSON.stringify(written)) });
    expect(scaledRopeFrequencies(8, again, 5000)).toEqual(scaledRopeFrequencies(8, options, 5000));
  });

  test("older forms: `rope_scaling` with `type`, `su`, fields beside it", () => {
    const phi = {
      max_position_embeddings: 131_072,
      original_max_position_embeddings: 4096,
      rope_theta: 1e4,
      rope_scaling: { type: "su", ...factors },
    };
    expect(ropeScalingFromConfig(phi)).toMatchObject({
      kind: "longrope",
      settings: { factor: 32, originalMaximum: 4096, longFactors: factors.long_factor },
    });
    const neox = ropeOptionsFromConfig({ rotary_emb_base: 1e5, rotary_pct: 0.25, rope_scaling: null });
    expect(neox).toEqual({ base: 1e5, share: 0.25 });
    expect(
      ropeOptionsFromConfig({ rope_theta: 1e6, rope_scaling: { type: "mrope", mrope_section: [1] } }).scaling,
    ).toBe(undefined);
  });

  test("dynamic NTK counts from the model's own maximum", () => {
    const config = { max_position_embeddings: 2048, rope_scaling: { type: "dynamic", factor: 2 } };
    expect(ropeScalingFromConfig(config)?.settings).toEqual({ factor: 2, originalMaximum: 2048 });
  });

  test("one set for each type of layer, new and old", () => {
    const gemma = {
      rope_parameters: {
        full_attention: { rope_type: "linear", factor: 8, rope_theta: 1e6 },
        sliding_attention: { rope_type: "default", rope_theta: 1e4 },
      },
    };
    expect(ropeOptionsFromConfig(gemma, "full_attention")).toMatchObject({ base: 1e6, scaling: { kind: "linear" } });
    expect(ropeOptionsFromConfig(gemma, "sliding_attention")).toEqual({ base: 1e4, share: 1 });
    expect(() => ropeOptionsFromConfig(gemma)).toThrow(
      "[ropeConfig] layer type must be one of full_attention, sliding_attention, got undefined",
    );
    const older = { rope_theta: 1e6, rope_local_base_freq: 1e4, rope_scaling: { rope_type: "linear", factor: 8 } };
    expect(ropeOptionsFromConfig(older, "full_attention")).toMatchObject({ base: 1e6, scaling: { kind: "linear" } });
    expect(ropeOptionsFromConfig(older, "sliding_attention")).toEqual({ base: 1e4, share: 1 });
  });

  test("what cannot be read is refused", () => {
    expect(() => ropeScalingFromConfig({ rope_scaling: { type: "wide" } })).toThrow("rope_type must be one of default");
    expect(() => ropeScalingFromConfig({ rope_scaling: { type: "linear" } })).toThrow(
      "factor must be a number, got none",
    );
    expect(() => ropeScalingFromConfig({ rope_scaling: { type: "linear", factor: "4" } })).toThrow(
      'factor must be a number, got "4"',
    );
  });
});

describe("schedules of layers", () => {
  const pattern = (schedule: (layer: number, layers: number) => string, layers: number) =>
    Array.from({ length: layers }, (_, layer) => schedule(layer, layers)).join("");

  test("every k-th layer, from either end", () => {
    expect(pattern(everyNth(4, "G", "l"), 9)).toBe("lllGlllGl");
    expect(pattern(everyNth(3, "G", "l", { first: 1 }), 7)).toBe("GllGllG");
    expect(pattern(everyNth(4, "G", "l", { countedFrom: "last" }), 9)).toBe("lGlllGlll");
    expect(pattern(everyNth(4, "G", "l", { first: 1, countedFrom: "last" }), 6)).toBe("lGlllG");
    expect(() => everyNth(0, "G", "l")).toThrow("[everyNth] every must be whole and positive, got 0");
  });

  test("no encoding in every k-th layer, and two bases; one value for all layers of a kind", () => {
    const iRope = nopeEvery(4, rope({ base: 5e5 }));
    expect([0, 1, 2, 3, 7].map((layer) => iRope(layer, 8).kind)).toEqual(["rope", "rope", "rope", "none", "none"]);
    expect(iRope(3, 8)).toBe(iRope(7, 8));
    const gemma = dualBase({ every: 6, global: { base: 1e6, share: 0.5 }, local: 1e4 });
    expect([0, 4, 5, 11].map((layer) => gemma(layer, 12).settings.base)).toEqual([1e4, 1e4, 1e6, 1e6]);
    expect(gemma(0, 12)).toBe(gemma(4, 12));
  });

  test("by the types that a configuration lists", () => {
    const schedule = byLayerType(["sliding_attention", "full_attention"], {
      sliding_attention: "l",
      full_attention: "G",
    });
    expect(pattern(schedule, 2)).toBe("lG");
    expect(() => schedule(0, 3)).toThrow("types must be one for each of 3 layers, got 2");
    expect(() => byLayerType(["linear_attention"], { full_attention: 1 })).toThrow("got linear_attention");
  });
});
