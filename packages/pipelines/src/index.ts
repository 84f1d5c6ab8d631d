export { type Perplexity, type PerplexityOptions, perplexity } from "./evaluation/perplexity.js";
export { generationSettings } from "./generation/generation-config.js";
export { LanguageModel, type Weights } from "./generation/language-model.js";
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
export { type ChatMessage, type ChatTemplate, jinjaChat, plainChat } from "./text/chat-template.js";
export { llama2cTextTokenizer, type TextTokenizer } from "./text/text-tokenizer.js";
