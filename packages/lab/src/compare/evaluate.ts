import { argMax, crossEntropy, dimension, graph, type HostTensor, Tensor } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";
import { type Named, parameterInputs, type Transformer } from "@relpos/core/nn";
import { inBatches, type Rows } from "../data/index.js";
import type { DrawnPositions } from "./positions.js";
import { addMarks, emptyMarks, type Marks } from "./score.js";

/** Scores rows with one set of parameters. One executable serves every length and batch size. */
export interface Evaluator {
  examine(rows: Rows, options: ExamineOptions): Promise<Marks>;
  close(): Promise<void>;
}

export interface ExamineOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told after each batch how many rows it had. */
  readonly onRows?: (rows: number) => void;
}

/**
 * Compiles tokens, labels [B, S] and positions, where they are drawn, → nats and predictions [B, S]. The parameters stay
 * the caller's.
 */
export async function createEvaluator<T>(
  backend: Backend<T>,
  model: Transformer,
  parameters: Named<T>,
  drawn?: DrawnPositions | undefined,
): Promise<Evaluator> {
  const shape = [dimension("batch"), dimension("sequence")];
  const tokens = Tensor.input({ shape, dtype: "int32" }, "tokens");
  const labels = Tensor.input({ shape, dtype: "int32" }, "labels");
  const positions = drawn && Tensor.input({ shape, dtype: "int32" }, "positions");
  const inputs = [tokens, labels, ...(positions ? [positions] : [])];
  const weights = parameterInputs(model.parameters);
  const { logits } = model.forward(weights, { tokens, positions });
  const outputs = [crossEntropy(logits, labels, { reduction: "none" }), argMax(logits, -1)];
  const executable = await backend.compile(graph([...Object.values(weights), ...inputs], outputs));
  const held = Object.entries(weights).map(([name, input]) => [input, parameters[name]!] as const);

  const answer = async (values: readonly HostTensor[], signal?: AbortSignal): Promise<readonly HostTensor[]> => {
    const handles = await Promise.all(values.map((value) => backend.upload(value)));
    try {
      const feeds = new Map([...held, ...inputs.map((input, index) => [input, handles[index]!] as const)]);
      const results = await executable.run(feeds, signal ? { signal } : {});
      const downloaded = await Promise.all(results.map((result) => backend.download(result)));
      for (const result of results) backend.dispose(result);
      return downloaded;
    } finally {
      for (const handle of handles) backend.dispose(handle);
    }
  };

  return {
    async examine(rows, { signal, onRows }) {
      let marks = emptyMarks(rows.length);
      let done = 0;
      const size = Math.min(rows.count, rowsPerBatch(rows.length, model.options.heads));
      for (const batch of inBatches(rows, size)) {
        signal?.throwIfAborted();
        const own = drawn?.examination(rows.name, done, batch.tokens);
        const values = [batch.tokens, batch.labels, ...(own ? [own] : [])];
        const [nats, predictions] = await answer(values, signal);
        marks = addMarks(marks, batch, nats!, predictions!);
        onRows?.(Math.min(size, rows.count - done));
        done += size;
      }
      return marks;
    },
    close: () => executable.close(),
  };
}

/** As many rows as keep the attention scores of one layer below 2²⁴ numbers, and tokens below 2¹³. */
export function rowsPerBatch(length: number, heads: number): number {
  return Math.max(1, Math.floor(Math.min(2 ** 24 / (heads * length * length), 2 ** 13 / length)));
}
