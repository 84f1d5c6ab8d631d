/** A program that is measured round by round beside others. */
export interface Contender<Round, Sample> {
  run(round: Round): Promise<Sample>;
  close(): Promise<void>;
}

/** Where a contender is: a module that exports `start`, and what `start` gets, which is plain data. */
export interface ContenderModule {
  readonly module: URL;
  readonly settings: unknown;
}

/** What `start` is. Its time is the contender's time of loading. */
export type Start<Settings, Round, Sample> = (settings: Settings) => Promise<Contender<Round, Sample>>;

/** What was measured of a contender. */
export interface Rounds<Sample> {
  readonly loadMs: number;
  /** The first round's is left out. */
  readonly samples: readonly Sample[];
  readonly peakMemoryBytes: number;
}
