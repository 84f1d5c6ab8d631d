import type { ReadOptions } from "@relpos/checkpoints";
import { concat, reduceSum, reshape, type Tensor } from "@relpos/core";
import { graph } from "@relpos/core/backend";
import type { LanguageModel } from "./language-model.js";

/**
 * Whether the sum of some float32 weight is no number, as it is where one of its values is none: the backend, which holds the
 * weights, reads them many times faster than JavaScript does.
 */
export async function hasSumsOfNaN(
  { backend, weights }: LanguageModel,
  { signal }: ReadOptions = {},
): Promise<boolean> {
  const floats = [...weights.keys()].filter(({ dtype }) => dtype === "float32");
  if (floats.length === 0) return false;
  const aborted = signal ? { signal } : {};
  const sums = concat(floats.map(sumOf), 0);
  const executable = await backend.compile(graph(floats, [sums]), { constants: weights, ...aborted });
  try {
    const [handle] = await executable.run(new Map(), aborted);
    const { data } = await backend.download(handle);
    backend.dispose(handle);
    return (data as Float32Array).some((sum) => Number.isNaN(sum));
  } finally {
    await executable.close();
  }
}

/** The sum of all elements, [1]: of each row first, which backends share among their threads. */
const sumOf = (x: Tensor): Tensor => reshape(reduceSum(x.rank > 1 ? reduceSum(x, -1) : x), [1]);
