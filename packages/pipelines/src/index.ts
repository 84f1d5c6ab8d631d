export { LanguageModel, type Weights } from "./generation/language-model.js";
export { type OpenTextGeneratorOptions, openTextGenerator } from "./generation/open-text-generator.js";
export { createSampler, type Sampler, type SamplingOptions } from "./generation/sampling.js";
export { type AppendOptions, Session, type SessionOptions } from "./generation/session.js";
export type { Choice } from "./generation/step-graph.js";
export {
  type FinishReason,
  type Generated,
  type GenerateOptions,
  TextGenerator,
  type TextGeneratorOptions,
} from "./generation/text-generator.js";
