export { readBinaryVectors } from "./binary-vectors.js";
export type { ReadVectors, VectorOptions } from "./collect-vectors.js";
export {
  describeCoverage,
  type InitialEmbedding,
  type InitialEmbeddingOptions,
  initialEmbedding,
  type VectorCoverage,
} from "./initial-embedding.js";
export { readVectors } from "./read-vectors.js";
export { analogy, type NearestOptions, type Neighbour, nearest } from "./similarity.js";
export { encodeVectors, readStoredVectors, type StoredVectorOptions, vectorLines } from "./stored-vectors.js";
export { readTextVectors, type TextVectorOptions } from "./text-vectors.js";
export { type GloveOptions, trainGlove } from "./train/glove.js";
export type { VectorTrainingOptions, VectorTrainingProgress } from "./train/training-events.js";
export { trainWord2Vec, type Word2VecOptions } from "./train/word2vec.js";
export { type WordVectors, wordVectors } from "./word-vectors.js";
