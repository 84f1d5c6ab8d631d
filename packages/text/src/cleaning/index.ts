export { type CleaningTrace, clean, cleanDataset, showCleaning } from "./clean.js";
export { htmlText } from "./html-text.js";
export { type CleaningOptions, type CleaningStep, type CleaningStepName, cleaningSteps } from "./steps.js";
export { type StopWordLanguage, stopWords } from "./stop-words.js";
