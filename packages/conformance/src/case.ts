import type { DType } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";

/** What kind of promise a case is about. */
export type CaseGroup = "primitive" | "gradient" | "composite" | "encoding" | "model" | "lifecycle";

/** One thing that a backend must do. */
export interface ConformanceCase {
  /** `group/subject/details`, for example `primitive/add/float32/[2,3]+[3]`; unique. */
  readonly name: string;
  readonly group: CaseGroup;
  /** Whether it belongs to the reduced set, which is run where time is short. */
  readonly quick: boolean;
  /** Element types that it needs; the case is unsupported where a backend lacks one. */
  readonly dtypes: readonly DType[];
  /** Errors when the backend does not do it. */
  run(context: CaseContext): Promise<void>;
}

/** What a case works with. */
export interface CaseContext {
  /** A backend that cases share. They must leave it as they found it. */
  readonly backend: Backend;
  /** What computes expected values: every primitive in float64. */
  readonly oracle: Backend;
  /** Starts another one, which the case closes. */
  create(): Promise<Backend>;
}

/** Cases that a backend is known to fail. One that passes is a failure: the entry must then go. */
export interface KnownFailure {
  /** Names of cases; a `*` stands for any text. */
  readonly cases: string | readonly string[];
  readonly reason: string;
  /** Where it is reported. */
  readonly issue?: string;
}

/** A backend to test. */
export interface Subject {
  readonly name: string;
  create(): Promise<Backend>;
  readonly knownFailures?: readonly KnownFailure[];
}
