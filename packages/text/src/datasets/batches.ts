import { check, type HostTensor } from "@relpos/core";

/** A sequence of tokens with whatever belongs to it. */
export interface TokenExample {
  readonly ids: Int32Array;
}

/** Examples of like length, padded. */
export interface PaddedBatch<Example extends TokenExample> {
  /** Padded with the padding token; rows that are missing consist of it. int32 [B, S] */
  readonly tokens: HostTensor;
  /** 1 for tokens, 0 for padding. float32 [B, S] */
  readonly mask: HostTensor;
  /** The examples of the rows, at most B. */
  readonly examples: readonly Example[];
}

/** How examples are put into batches. */
export interface BatchOptions {
  readonly batch: number;
  /** Lengths that sequences are padded to, ascending; so many shapes are compiled. */
  readonly lengths: readonly number[];
  readonly padToken: number;
  /** What becomes of an example that is longer than all lengths: its beginning, or an error. Default is `"error"`. */
  readonly tooLong?: "cut" | "error";
}

/**
 * Batches of a stream of examples, each padded to the least length that holds it. What waits for its batch to fill is all
 * that is in memory; the last batches have missing rows, with mask 0.
 */
export async function* paddedBatches<Example extends TokenExample>(
  examples: AsyncIterable<Example> | Iterable<Example>,
  { batch, lengths, padToken, tooLong = "error" }: BatchOptions,
): AsyncGenerator<PaddedBatch<Example>> {
  check(
    Number.isInteger(batch) && batch > 0,
    "paddedBatches",
    () => `batch must be a whole number above 0, got ${batch}`,
  );
  const ascending = lengths.every((length, index) => length > (lengths[index - 1] ?? 0));
  check(lengths.length > 0 && ascending, "paddedBatches", () => `lengths must ascend from 1 on, got [${lengths}]`);
  const longest = lengths[lengths.length - 1] as number;
  const waiting = new Map<number, Example[]>(lengths.map((length) => [length, []]));

  for await (const example of examples) {
    const { ids } = example;
    check(ids.length <= longest || tooLong === "cut", "paddedBatches", () => {
      return `an example must have at most ${longest} tokens, or tooLong must be "cut", got ${ids.length}`;
    });
    const length = lengths.find((length) => ids.length <= length) ?? longest;
    const bucket = waiting.get(length) as Example[];
    if (bucket.push(example) < batch) continue;
    yield stackExamples(bucket.splice(0), batch, length, padToken);
  }
  for (const [length, bucket] of waiting) {
    if (bucket.length > 0) yield stackExamples(bucket, batch, length, padToken);
  }
}

function stackExamples<Example extends TokenExample>(
  examples: readonly Example[],
  batch: number,
  length: number,
  padToken: number,
): PaddedBatch<Example> {
  const shape = [batch, length];
  const tokens = new Int32Array(batch * length).fill(padToken);
  const mask = new Float32Array(batch * length);
  for (const [row, { ids }] of examples.entries()) {
    const kept = ids.subarray(0, length);
    tokens.set(kept, row * length);
    mask.fill(1, row * length, row * length + kept.length);
  }
  return {
    tokens: { shape, dtype: "int32", data: tokens },
    mask: { shape, dtype: "float32", data: mask },
    examples,
  };
}
