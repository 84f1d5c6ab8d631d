import type { CompareData, CompareOptions } from "@relpos/lab";

/** What the page asks a worker for. */
export type Request =
  | { readonly type: "catalogue" }
  | { readonly type: "inspect"; readonly request: InspectRequest; readonly text: TextSize }
  | { readonly type: "train"; readonly request: TrainRequest; readonly text: TextSize }
  | { readonly type: "stop" };

/** Size of the text in drawings, in their units: larger where the page is narrow. */
export type TextSize = number;

/** Asks for the pictures of an encoding as it is before training. */
export interface InspectRequest {
  readonly encoding: string;
  readonly heads: number;
  readonly headSize: number;
  readonly length: number;
}

export interface TrainRequest {
  /** `name:device`. */
  readonly backend: string;
  readonly options: CompareOptions;
  readonly data: CompareData;
  /** Goes on from where the training was stopped. */
  readonly resume: boolean;
}

/** What a worker answers. Markup is HTML that is safe to insert. */
export type Reply =
  | { readonly type: "catalogue"; readonly names: readonly string[] }
  | { readonly type: "inspected"; readonly request: InspectRequest; readonly markup: string }
  | { readonly type: "running"; readonly text: string }
  | { readonly type: "progress"; readonly share: number; readonly text: string }
  | { readonly type: "losses"; readonly markup: string }
  | { readonly type: "finished"; readonly finished: Finished }
  | { readonly type: "stopped" }
  | { readonly type: "failed"; readonly failure: Failure };

/** What a finished training shows. */
export interface Finished {
  /** How long it took, in words. */
  readonly duration: string;
  /** Perplexities by length: a table, and the curves. */
  readonly table: string;
  readonly curves: string;
  /** Pictures of what was learned, by encoding. */
  readonly pictures: Readonly<Record<string, string>>;
  /** The command line that makes the same comparison. */
  readonly command: string;
  /** The whole report: a page of its own. */
  readonly report: string;
}

/** What went wrong, and what to do about it. */
export interface Failure {
  readonly problem: string;
  readonly remedy: string;
  /** A backend that may do where the chosen one does not. */
  readonly instead?: string;
}

/** What to do with each kind of message. */
export type Handlers<M extends { readonly type: string }, R> = {
  readonly [T in M["type"]]: (message: Extract<M, { readonly type: T }>) => R;
};

/** Does what there is to do with a message; nothing where its kind has no handler. */
export function handle<M extends { readonly type: string }, R>(
  handlers: Partial<Handlers<M, R>>,
  message: M,
): R | undefined {
  return (handlers as Readonly<Record<string, ((message: M) => R) | undefined>>)[message.type]?.(message);
}
