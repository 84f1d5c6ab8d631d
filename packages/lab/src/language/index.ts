export { type AnswerWindow, answerWindows, bestAnswer } from "./answer-windows.js";
export { createTranslator, type TranslateOptions } from "./beam-search.js";
export { classify, textRunner } from "./classify.js";
export { dialogue, promptTokens } from "./dialogue.js";
export { type GenerateOptions, generate, type LoadedWeights } from "./generate.js";
export { type LanguageModel, languageModel } from "./language-model.js";
export type {
  ClassRow,
  ExamineOptions,
  Examiner,
  LanguageTask,
  ModelSizes,
  TaskContext,
  TaskExample,
  TaskOptions,
  TaskScore,
  TaskTraining,
  TrainingOptions,
} from "./language-task.js";
export { lm } from "./lm.js";
export { maskWords, mlm } from "./mlm.js";
export { configOf, type LanguageTaskName, type ModelSettings, settingsOfConfig } from "./model-settings.js";
export { type OpenedModel, openModel, type Question, type ScoredLabel } from "./opened-model.js";
export { createAnswerer, type FoundAnswer, qa } from "./qa.js";
export { createRunner, type Runner, type RunnerRequest } from "./runner.js";
export { loadModel, modelFiles, type SavedModel, saveModel } from "./saved-model.js";
export { scoreTable, trainTable } from "./score-table.js";
export { tokensOf } from "./sequences.js";
export { softmaxOf } from "./softmax.js";
export { sparkline } from "./sparkline.js";
export { languageTasks } from "./tasks.js";
export {
  makeTokenizer,
  specialTokens,
  type TokenizerName,
  type TokenizerOptions,
  tokenizerNames,
} from "./tokenizers.js";
export {
  examineWeights,
  type TrainContext,
  type TrainDescription,
  type TrainEvent,
  type TrainModelRequest,
  type TrainResults,
  trainFiles,
  trainModel,
  uploadWeights,
} from "./train-model.js";
export { renderTrainReport } from "./train-report.js";
export { type TrainOptions, type TrainSettings, trainDefaults } from "./train-settings.js";
export { translate } from "./translate.js";
