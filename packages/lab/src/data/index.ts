export { inBatches, type Row, type Rows, stackRows, type WeightedBatch, type WeightedBatches } from "./rows.js";
export { type StoriesOptions, stories, storyBreak } from "./stories.js";
export { type StreamedBatches, type StreamedBatchesOptions, streamedBatches } from "./streamed-batches.js";
export {
  addToTally,
  emptyTally,
  type PositionBucket,
  positionBuckets,
  type Summary,
  summarize,
  type Tally,
} from "./tally.js";
export * from "./text.js";
export { nonOverlappingWindows, slidingWindows, type TargetSpan, targetSpan, type WindowOptions } from "./windows.js";
