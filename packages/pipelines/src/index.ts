export { type Divergence, type DivergenceOptions, divergence } from "./evaluation/divergence.js";
export { type Perplexity, type PerplexityOptions, perplexity } from "./evaluation/perplexity.js";
export { readChatTemplate, readTokenizer } from "./generation/checkpoint-files.js";
export { type ContinueOptions, continueTokens } from "./generation/continue-tokens.js";
export { generationSettings } from "./generation/generation-config.js";
export { LanguageModel, type Weights } from "./generation/language-model.js";
export { openLanguageModel } from "./generation/open-language-model.js";
export { type OpenTextGeneratorOptions, openTextGenerator } from "./generation/open-text-generator.js";
export { createSampler, type Sampler, type SamplingOptions } from "./generation/sampling.js";
export { type AppendOptions, Session, type SessionOptions } from "./generation/session.js";
export type { Choice } from "./generation/step-graph.js";
export {
  ContextLengthError,
  type FinishReason,
  type Generated,
  type GenerateOptions,
  type Prompt,
  TextGenerator,
  type TextGeneratorOptions,
} from "./generation/text-generator.js";
export { type AnswerOptions, answerQuestions, type FoundAnswer, type Question } from "./tasks/answer.js";
export {
  type AnswerSpan,
  type AnswerWindow,
  type AnswerWindowOptions,
  answerWindows,
  bestAnswer,
} from "./tasks/answer-windows.js";
export { classLogits, classProbabilities } from "./tasks/classify.js";
export type { FeatureExtraction, FeatureExtractionOptions } from "./tasks/feature-extraction.js";
export type { FilledMask, FillMask, FillMaskOptions } from "./tasks/fill-mask.js";
export { longestOf, type PipelineOptions, paddingOf, tokensWithin } from "./tasks/opened-task.js";
export { type Pipeline, type PipelineCalls, type PipelineTask, pipeline } from "./tasks/pipeline.js";
export type { Answer, QuestionAnswering, QuestionAnsweringOptions } from "./tasks/question-answering.js";
export { hasTokenTypes, padded, type RunModel, type RunOptions, runWith, type TokenRow } from "./tasks/run-model.js";
export { softmaxOf } from "./tasks/softmax.js";
export type { ScoredLabel, TextClassification, TextClassificationOptions } from "./tasks/text-classification.js";
export type { GeneratedText, TextGeneration, TextGenerationOptions } from "./tasks/text-generation.js";
export type {
  EntityGroup,
  TokenClassification,
  TokenClassificationOptions,
  TokenEntity,
} from "./tasks/token-classification.js";
export { type SequenceTokens, type TranslateOptions, translateTokens } from "./tasks/translate.js";
export type { Translation, TranslationOptions, TranslationPipeline } from "./tasks/translation.js";
export { type ChatMessage, type ChatTemplate, jinjaChat, plainChat } from "./text/chat-template.js";
export { llama2cTextTokenizer, type TextTokenizer } from "./text/text-tokenizer.js";
