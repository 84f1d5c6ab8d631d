import { type HostTensor, toNumbers } from "@relpos/core";
import type { Named } from "@relpos/core/nn";
import type { Checkpoint } from "../checkpoint.js";
import { adaptedModel, type Change } from "./adapted-model.js";
import { type Adapter, adapterWeights } from "./adapter-files.js";
import { loraScale } from "./lora-config.js";

/**
 * A checkpoint whose weights are W + scale·B·A as they are read; the file stays as it is. What it gives is what the adapter
 * gives, without its cost at every token.
 */
export function mergeAdapter(checkpoint: Checkpoint, adapter: Adapter): Checkpoint {
  const weights = adapterWeights(checkpoint, adapter);
  const { changes } = adaptedModel(checkpoint, adapter.config);
  const scale = loraScale(adapter.config);
  const byParameter = new Map(changes.map((change) => [`${change.layer}.weight`, change]));
  const merged = (name: string, value: HostTensor): HostTensor => {
    const change = byParameter.get(name);
    if (change) return added(value, change, weights, scale);
    const kept = weights[name];
    // What is read may be given away.
    return kept ? { ...kept, data: kept.data.slice() } : value;
  };
  const stream: Checkpoint["stream"] = async function* (options) {
    for await (const [name, value] of checkpoint.stream(options)) yield [name, merged(name, value)];
  };
  return {
    ...checkpoint,
    merged: true,
    stream,
    load: async (options) => {
      const entries: (readonly [string, HostTensor])[] = [];
      for await (const entry of stream(options)) entries.push(entry);
      return Object.fromEntries(entries);
    },
    // What is merged lies in no file.
    places: stream,
    checkPlaces: async () => {},
  };
}

/** W + scale·B·A, summed in 64 bits: [out, in], of the rows of B that are the weight's. */
function added(weight: HostTensor, { module, rows }: Change, adapter: Named<HostTensor>, scale: number): HostTensor {
  const [outputs, inputs] = weight.shape as readonly [number, number];
  const [a, b] = [adapter[`lora.${module}.A`], adapter[`lora.${module}.B`]] as readonly [HostTensor, HostTensor];
  const rank = a.shape[0] as number;
  const [from, to] = [toNumbers(a), toNumbers(b)];
  const sums = Float64Array.from(toNumbers(weight));
  for (let row = 0; row < outputs; row++) {
    for (let r = 0; r < rank; r++) {
      const factor = scale * (to[(rows ? (rows[row] as number) : row) * rank + r] as number);
      for (let column = 0; column < inputs; column++) {
        sums[row * inputs + column]! += factor * (from[r * inputs + column] as number);
      }
    }
  }
  return { shape: weight.shape, dtype: "float32", data: Float32Array.from(sums) };
}
