export type { BertNormalization } from "./bert-words.js";
export { type ByteLevelBpe, byteLevelBpeTokenizer } from "./byte-level-bpe.js";
export { byteTokenizer } from "./bytes.js";
export { type CharacterOptions, charactersTokenizer, trainCharacters } from "./characters.js";
export { huggingFaceTokenizer } from "./hugging-face.js";
export { tokenizerFromJson } from "./load-tokenizer.js";
export type { SpecialRole, SpecialTokens } from "./special-tokens.js";
export type { Template } from "./template.js";
export type {
  ByteTokenizer,
  DecodeOptions,
  EncodeOptions,
  Encoding,
  Tokenizer,
  TokenizerKind,
} from "./tokenizer.js";
export {
  type AddedToken,
  type TokenizerConfig,
  type TokenizerJson,
  type TokenizerModel,
  type TokenizerPart,
  tokenizerConfig,
} from "./tokenizer-json.js";
export { type ByteLevelBpeOptions, trainByteLevelBpe } from "./train-byte-level-bpe.js";
export { bertSpecialTokens, trainWordPiece, type WordPieceOptions } from "./train-wordpiece.js";
export type { Texts, TrainingOptions, TrainingProgress } from "./training.js";
export { countedVocabulary, type Vocabulary, type VocabularyCut, vocabularyOf } from "./vocabulary.js";
export { type WordPiece, wordPieceTokenizer } from "./wordpiece.js";
export { type Segment, segmentWords, trainWords, type WordOptions, wordsTokenizer } from "./words.js";
