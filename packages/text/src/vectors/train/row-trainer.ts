import { type Graph, type HostTensor, type Tensor, trace, valueAndGradients } from "@relpos/core";
import type { Backend } from "@relpos/core/backend";

/** Rows of a table that a step sees, by their numbers; a row may come twice. */
export interface RowsOf {
  readonly table: Float32Array;
  readonly width: number;
  readonly rows: Int32Array;
}

/** A compiled loss of rows: its value, and the gradient of each. */
export interface RowTrainer {
  /** Runs the loss on rows of tables and further tensors, changes the rows by AdaGrad, and returns the loss. */
  step(rows: readonly RowsOf[], others: readonly HostTensor[]): Promise<number>;
  close(): Promise<void>;
}

/** What is trained: the shapes of the rows [B, D] and of the other tensors, and their loss, a scalar summed over the batch. */
export interface RowTrainerOptions {
  readonly rows: readonly (readonly [count: number, width: number])[];
  readonly others: readonly (readonly number[])[];
  loss(rows: readonly Tensor[], others: readonly Tensor[]): Tensor;
  readonly learningRate: number;
}

/**
 * Trains large tables of which a step sees few rows: the graph, with its gradients, is given the rows alone, and the tables stay
 * in ordinary memory, so that the cost of a step does not grow with the vocabulary.
 *
 * AdaGrad (Duchi et al. 2011) sums the gradients of a row that comes twice, and keeps a sum of squares for each number.
 */
export async function rowTrainer<T>(backend: Backend<T>, options: RowTrainerOptions): Promise<RowTrainer> {
  const { learningRate } = options;
  const graph = lossGraph(options);
  const executable = await backend.compile(graph);
  const squares = new Map<Float32Array, Float32Array>();

  return {
    async step(rows, others) {
      const inputs = [...rows.map(gathered), ...others];
      const handles: T[] = [];
      try {
        for (const input of inputs) handles.push(await backend.upload(input));
        const outputs = await executable.run(new Map(graph.inputs.map((input, index) => [input, handles[index] as T])));
        handles.push(...outputs);
        const [loss, ...gradients] = await Promise.all(outputs.map((output) => backend.download(output)));
        for (const [index, part] of rows.entries()) {
          const { table } = part;
          const sums = squares.get(table) ?? new Float32Array(table.length);
          squares.set(table, sums);
          adaGrad(part, (gradients[index] as HostTensor).data as Float32Array, sums, learningRate);
        }
        return (loss as HostTensor).data[0] as number;
      } finally {
        for (const handle of handles) backend.dispose(handle);
      }
    },
    close: () => executable.close(),
  };
}

function lossGraph({ rows, others, loss }: RowTrainerOptions): Graph {
  const specs = [...rows, ...others].map((shape) => ({ shape: [...shape], dtype: "float32" as const }));
  return trace(
    (...tensors: readonly Tensor[]) => {
      const tables = tensors.slice(0, rows.length);
      const { value, gradients } = valueAndGradients(loss(tables, tensors.slice(rows.length)), tables);
      return [value, ...gradients];
    },
    ...specs,
  );
}

function gathered({ table, width, rows }: RowsOf): HostTensor {
  const data = new Float32Array(rows.length * width);
  for (const [index, row] of rows.entries()) data.set(table.subarray(row * width, (row + 1) * width), index * width);
  return { shape: [rows.length, width], dtype: "float32", data };
}

/** x ← x − η g / √Σg², with the gradients of equal rows summed first. */
function adaGrad({ table, width, rows }: RowsOf, gradients: Float32Array, squares: Float32Array, rate: number): void {
  const summed = new Map<number, Float32Array>();
  for (const [index, row] of rows.entries()) {
    const gradient = gradients.subarray(index * width, (index + 1) * width);
    const sum = summed.get(row);
    if (!sum) summed.set(row, gradient.slice());
    else for (let i = 0; i < width; i++) sum[i] = (sum[i] as number) + (gradient[i] as number);
  }
  for (const [row, gradient] of summed) {
    for (let i = 0; i < width; i++) {
      const g = gradient[i] as number;
      const at = row * width + i;
      squares[at] = (squares[at] as number) + g * g;
      table[at] = (table[at] as number) - (rate * g) / Math.sqrt((squares[at] as number) + 1e-10);
    }
  }
}
