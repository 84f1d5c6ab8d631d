/** How far a file is that is being fetched or read. */
export interface Progress {
  /** "initiate" before a file, "progress" in it, "done" after it. */
  readonly status: "initiate" | "progress" | "done";
  readonly file: string;
  /** Bytes. */
  readonly loaded: number;
  readonly total: number;
}

export type OnProgress = (progress: Progress) => void;
