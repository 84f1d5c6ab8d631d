export { type BatchOptions, type PaddedBatch, paddedBatches, type TokenExample } from "./batches.js";
export {
  type BatchRows,
  type BucketedBatches,
  type BucketOptions,
  bucketedBatches,
  bucketLengths,
} from "./bucketed-batches.js";
export { readConversations } from "./conversations.js";
export type {
  Answer,
  ByteSource,
  ChatMessage,
  ChatRecord,
  Dataset,
  LabeledRecord,
  ParallelRecord,
  Place,
  Problem,
  QuestionRecord,
  ReadOptions,
  ReadReport,
  TextRecord,
} from "./dataset.js";
export { type TextEncodingName, textEncodings } from "./decode-line.js";
export { DataError } from "./errors.js";
export {
  type JsonFields,
  type JsonRecord,
  readChats,
  readJsonLines,
  readJsonTexts,
  readLabeledJson,
} from "./json-lines.js";
export { type LabeledLineOptions, readLabeledLines } from "./labeled-lines.js";
export { collectLabels, type LabelSet, labelSet, withKnownLabels } from "./labels.js";
export { checkLargeText, type LargeText, type LargeTextOptions, openLargeText } from "./large-text.js";
export { type ByteLine, byteLines } from "./lines.js";
export { readParallel } from "./parallel.js";
export { joinDatasets, mapDataset } from "./records.js";
export { type ShuffleOptions, shuffled } from "./shuffle.js";
export { blobSource, bytesSource, textSource } from "./source.js";
export { type DatasetSplit, type DatasetSplitOptions, splitDataset } from "./split.js";
export { readSquad } from "./squad.js";
export { type LabeledTableOptions, type RowRecord, readLabeledTable, readTable, type TableOptions } from "./table.js";
export { type LineOptions, readText } from "./text.js";
export { readWholeText, type WholeText } from "./whole-text.js";
