export { headOf, settingsOfCheckpoint, taskOfCheckpoint } from "./checkpoint-settings.js";
export { classify } from "./classify.js";
export {
  type ConversationForm,
  type ConversationTokens,
  chatTemplate,
  plainConversation,
  writtenConversation,
} from "./conversation.js";
export { dialogue } from "./dialogue.js";
export { type LanguageModel, languageModel, type SequencePositions, taskModel } from "./language-model.js";
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
export type { TrainBase } from "./prepare-model.js";
export { qa } from "./qa.js";
export { createRunner, type Runner, type RunnerRequest } from "./runner.js";
export { loadModel, modelFiles, type SavedModel, savedModelOf, saveModel } from "./saved-model.js";
export { scoreTable, trainTable } from "./score-table.js";
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
