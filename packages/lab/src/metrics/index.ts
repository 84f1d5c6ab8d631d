export { type AnswerScore, type AnswerStyle, normalizeAnswer, normalizeChineseAnswer, scoreAnswer } from "./answers.js";
export { type Bleu, type BleuOptions, corpusBleu, type References, sentenceBleu } from "./bleu.js";
export { type Calibration, type CalibrationBin, calibration, indexOfLargest } from "./calibration.js";
export { type ChrfOptions, corpusChrf } from "./chrf.js";
export {
  type Average,
  type ClassificationReport,
  type ClassScore,
  classificationReport,
  confusionMatrix,
  logLoss,
  type MultiLabelReport,
  multiLabelReport,
  type PrecisionRecall,
} from "./classification.js";
export { bitsPerByte, perplexity } from "./prediction.js";
export { type TranslationTokenizer, translationTokenizers, translationTokens } from "./translation-tokens.js";
