import { check, foldIn, randomKey, randomUniform } from "@relpos/core";
import type { Dataset, Place } from "./dataset.js";

/** How a dataset is divided. */
export interface DatasetSplitOptions {
  /** The share of records that is held out. Default is 0.1. */
  readonly share?: number;
  readonly seed?: number;
}

/** A dataset in two parts. */
export interface DatasetSplit<Entry extends Place> {
  readonly training: Dataset<Entry>;
  readonly validation: Dataset<Entry>;
}

/**
 * Divides a dataset at random: each record is held out with the probability `share`, a pure function of seed and index.
 *
 * Both parts are streams, in the order of the file; the number of records held out is the share of all only nearly.
 */
export function splitDataset<Entry extends Place>(
  dataset: Dataset<Entry>,
  { share = 0.1, seed = 0 }: DatasetSplitOptions = {},
): DatasetSplit<Entry> {
  check(share > 0 && share < 1, "splitDataset", () => `share must be between 0 and 1, got ${share}`);
  const key = foldIn(randomKey(seed), "splitDataset");
  const isHeldOut = (index: number): boolean => (randomUniform(foldIn(key, index), 1)[0] as number) < share;
  return {
    training: part(dataset, `${dataset.name}, training part`, (index) => !isHeldOut(index)),
    validation: part(dataset, `${dataset.name}, validation part`, isHeldOut),
  };
}

function part<Entry extends Place>(
  dataset: Dataset<Entry>,
  name: string,
  keeps: (index: number) => boolean,
): Dataset<Entry> {
  return {
    name,
    report: () => dataset.report(),
    async *[Symbol.asyncIterator]() {
      let index = 0;
      for await (const record of dataset) if (keeps(index++)) yield record;
    },
  };
}
