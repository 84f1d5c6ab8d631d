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
} from "./datasets/dataset.js";
export type { SpecialRole, SpecialTokens } from "./tokenizers/special-tokens.js";
export type {
  ByteTokenizer,
  DecodeOptions,
  EncodeOptions,
  Encoding,
  Tokenizer,
  TokenizerKind,
} from "./tokenizers/tokenizer.js";
export {
  type AddedToken,
  type TokenizerConfig,
  type TokenizerJson,
  type TokenizerModel,
  type TokenizerPart,
  tokenizerConfig,
} from "./tokenizers/tokenizer-json.js";
export { type Vocabulary, type VocabularyCut, vocabularyOf } from "./tokenizers/vocabulary.js";
