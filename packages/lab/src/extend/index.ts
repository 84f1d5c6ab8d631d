export { describeExtension, type ExtendEvent, type ExtendListener } from "./events.js";
export { type ExtendContext, extendContext, extensionFiles } from "./extend.js";
export { extensionTable } from "./measured-rows.js";
export type { PromptTokenizer } from "./passkey-prompt.js";
export { renderExtension } from "./report.js";
export type {
  ExtendedModel,
  ExtendRecommendation,
  ExtendResults,
  ExtendSettings,
  MethodAtLength,
  MethodResults,
  PasskeyResults,
} from "./results.js";
export type { ExtendOptions } from "./settings.js";
