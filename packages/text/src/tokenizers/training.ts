/** Texts to train on: documents or lines, in memory or as they come. */
export type Texts = Iterable<string> | AsyncIterable<string>;

/** How far a training is: reading texts (characters so far), or filling the vocabulary (its size so far, and its goal). */
export type TrainingProgress =
  | { readonly stage: "read"; readonly characters: number }
  | { readonly stage: "merge"; readonly size: number; readonly vocabularySize: number };

/** What every trainer takes. */
export interface TrainingOptions {
  /** Called a few times a second. */
  readonly onProgress?: (progress: TrainingProgress) => void;
  readonly signal?: AbortSignal;
}

const every = 100;

/** Reports progress, lets other work run, and stops where it is asked to: a function to call as often as one likes. */
export function pacemaker({ onProgress, signal }: TrainingOptions): (progress: TrainingProgress) => Promise<void> {
  let last = performance.now();
  return async (progress) => {
    if (performance.now() - last < every) return;
    onProgress?.(progress);
    await new Promise<void>((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    last = performance.now();
  };
}

/** Counts what `visit` finds in each text. */
export async function countIn(
  texts: Texts,
  options: TrainingOptions,
  visit: (text: string, add: (token: string) => void) => void,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const add = (token: string): void => {
    counts.set(token, (counts.get(token) ?? 0) + 1);
  };
  const pace = pacemaker(options);
  let characters = 0;
  for await (const text of typeof texts === "string" ? [texts] : texts) {
    options.signal?.throwIfAborted();
    visit(text, add);
    characters += text.length;
    await pace({ stage: "read", characters });
  }
  return counts;
}
