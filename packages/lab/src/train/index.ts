export { learningRateAt } from "./learning-rate.js";
export { estimateMemory, type MemoryEstimate } from "./memory.js";
export { metricsLines } from "./metrics-lines.js";
export {
  bestEvaluation,
  bestWeights,
  type EvaluationPlan,
  runTraining,
  saveTraining,
  type Training,
  type TrainingRequest,
} from "./run-training.js";
export type { Evaluation, RunProgress } from "./state-file.js";
