import { expectClose } from "@relpos/conformance";
import { exactTensor } from "@relpos/core";
import { ropeOptionsFromConfig, scaledRopeFrequencies } from "@relpos/core/encodings";
import { describe, expect, test } from "vitest";
import { recommendScaling } from "../src/index.js";

const factors = { short_factor: [1, 1.1, 1.2, 1.3], long_factor: [1, 2, 4, 8] };

describe("recommendations", () => {
  const llama = { max_position_embeddings: 4096, rope_theta: 1e4, hidden_size: 4096, num_attention_heads: 32 };
  const byMethod = (config: Parameters<typeof recommendScaling>[0], length: number) =>
    new Map(recommendScaling(config, length).map((entry) => [entry.method, entry]));

  test("a plain model gets every way, those that need training last", () => {
    const ways = byMethod(llama, 16_384);
    expect([...ways.keys()]).toEqual(["yarn", "dynamic", "self-extend", "dual-chunk", "llama3", "linear"]);
    expect(ways.get("yarn")?.ropeParameters).toMatchObject({
      rope_type: "yarn",
      factor: 4,
      original_max_position_embeddings: 4096,
      beta_fast: 32,
    });
    expect(ways.get("self-extend")?.settings).toEqual({ group: 5, window: 1024 });
    expect(ways.get("dual-chunk")?.settings).toEqual({ chunk: 3072, window: 512 });
    for (const { reasons } of ways.values()) expect(reasons.length).toBeGreaterThan(0);
  });

  test("what is recommended is what a configuration with it describes", () => {
    for (const { rope: options, ropeParameters } of recommendScaling(llama, 16_384)) {
      if (!options) continue;
      const read = ropeOptionsFromConfig({ rope_parameters: ropeParameters });
      const [ours, theirs] = [options, read].map((each) => scaledRopeFrequencies(128, each, 16_384).frequencies);
      expectClose(exactTensor(ours as Float64Array, [64]), exactTensor(theirs as Float64Array, [64]), "exact");
    }
  });

  test("a length within reach needs nothing, and a scaled model keeps its kind", () => {
    expect([...byMethod(llama, 4096).keys()]).toEqual(["none"]);
    const llama31 = {
      ...llama,
      max_position_embeddings: 131_072,
      rope_scaling: {
        rope_type: "llama3",
        factor: 8,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 8192,
      },
    };
    const ways = byMethod(llama31, 262_144);
    expect([...ways.keys()]).toEqual(["self-extend", "dual-chunk", "llama3"]);
    expect(ways.get("llama3")?.settings).toMatchObject({ factor: 32, originalMaximum: 8192 });
    const phi = { ...llama, rope_scaling: { type: "longrope", factor: 2, ...factors } };
    expect([...byMethod(phi, 16_384).keys()]).toEqual(["self-extend", "dual-chunk"]);
  });

  test("sizes that are not given are asked for", () => {
    expect(() => recommendScaling({ max_position_embeddings: 64 }, 128)).toThrow("[recommendScaling] head_dim");
    expect(() => recommendScaling({}, 128)).toThrow("max_position_embeddings must be a number, got undefined");
  });
});
