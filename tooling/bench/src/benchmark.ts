/** One benchmark: a file in benchmarks/ exports it by default, and its file name is its name. */
export interface Benchmark {
  readonly description: string;
  run(): Promise<readonly Measurement[]>;
}

/** One measured configuration. Rates are in 10⁹ floating-point operations a second. */
export interface Measurement {
  readonly name: string;
  readonly backend: string;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly medianMs: number;
  /** Distance between the quartiles. */
  readonly iqrMs: number;
  readonly gflops?: number;
  /** Best matrix product of the same runtime in the same run. */
  readonly peakGflops?: number;
  readonly tokensPerSecond?: number;
  /** Largest resident memory of the process that measured. */
  readonly peakMemoryBytes: number;
  /** Figures of one part over another, measured side by side. */
  readonly ratios?: Readonly<Record<string, number>>;
  /** What this benchmark is about, where it is not time. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** Median and distance between the quartiles. */
export function spread(samples: readonly number[]): { readonly medianMs: number; readonly iqrMs: number } {
  const sorted = [...samples].sort((a, b) => a - b);
  const quantile = (share: number): number => {
    const place = share * (sorted.length - 1);
    const [low, high] = [sorted[Math.floor(place)] as number, sorted[Math.ceil(place)] as number];
    return low + (high - low) * (place - Math.floor(place));
  };
  return { medianMs: quantile(0.5), iqrMs: quantile(0.75) - quantile(0.25) };
}
