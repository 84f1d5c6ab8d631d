import type { TensorData } from "@relpos/core";
import type { OrtValue } from "./runtime.js";

/**
 * Writes new rows [B, H, S, D] into a cache [B, H, C, D], those of sequence b from row indices[b] on; rows beyond the
 * capacity are dropped.
 */
export async function writeRows(cache: OrtValue, rows: OrtValue, indices: OrtValue): Promise<void> {
  const [batch, heads, capacity, size] = cache.dims as readonly [number, number, number, number];
  const count = rows.dims[2] as number;
  const [into, from, at] = (await Promise.all([cache.getData(), rows.getData(), indices.getData()])) as [
    TensorData,
    TensorData,
    Int32Array,
  ];
  for (let sequence = 0; sequence < batch; sequence++) {
    const start = at[sequence] as number;
    const [first, last] = [Math.max(0, -start), Math.min(count, capacity - start)];
    if (first >= last) continue;
    for (let head = sequence * heads; head < (sequence + 1) * heads; head++) {
      const own = from.subarray((head * count + first) * size, (head * count + last) * size);
      into.set(own, (head * capacity + start + first) * size);
    }
  }
}
