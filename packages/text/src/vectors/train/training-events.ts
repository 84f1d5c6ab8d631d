/** How far a training of vectors is. */
export interface VectorTrainingProgress {
  readonly step: number;
  readonly steps: number;
  /** Mean of a pair, over the steps since the last report. */
  readonly loss: number;
}

/** What both trainings take. */
export interface VectorTrainingOptions {
  /** Width of the vectors. Default is 100. */
  readonly width?: number;
  /** Words on each side that a word is trained to know. Default is 5. */
  readonly window?: number;
  /** Passes over all pairs. Default is 5. */
  readonly epochs?: number;
  /** Pairs in a step. Default is 1,024. */
  readonly batch?: number;
  /** Default is 0.05. */
  readonly learningRate?: number;
  readonly seed?: number;
  /** Called after every step. */
  readonly onStep?: (progress: VectorTrainingProgress) => void;
}
