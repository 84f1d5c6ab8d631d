import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, type OnnxValue, Tensor } from "onnxruntime-node";

// What any program does with an exported folder: it opens the files with ONNX Runtime and reads their names. Nothing of relpos is
// used here.

/** A tensor of a program: its sizes and numbers. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export const numbers = (shape: readonly number[], data: ArrayLike<number>): Numbers => ({ shape, data });

type Inputs = Readonly<Record<string, Numbers | undefined>>;

/** An ONNX file in ONNX Runtime. */
export class OnnxModel {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  static async open(folder: string, name = "model"): Promise<OnnxModel> {
    return new OnnxModel(await InferenceSession.create(join(folder, "onnx", `${name}.onnx`), { intraOpNumThreads: 1 }));
  }

  get inputs(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputs(): readonly string[] {
    return this.#session.outputNames;
  }

  /** The sizes of an input, by name where they are not fixed. */
  shapeOf(name: string): readonly (number | string)[] {
    const found = this.#session.inputMetadata.find((input) => input.name === name);
    if (!found?.isTensor) throw new Error(`there is no input ${name}`);
    return found.shape;
  }

  /** Runs on those of the given inputs that it has, with the cache of an earlier run or an empty one. */
  async run(given: Inputs, past: Readonly<Record<string, OnnxValue>> = {}) {
    const rows = Object.values(given).find((value) => value)?.shape[0] as number;
    const feeds: Record<string, OnnxValue> = {};
    for (const { name, type } of this.#session.inputMetadata as readonly { name: string; type: string }[]) {
      const value = given[name];
      if (name.startsWith("past_key_values.")) {
        const sizes = this.shapeOf(name).map((size) =>
          size === "batch_size" ? rows : size === "past_sequence_length" ? 0 : Number(size),
        );
        feeds[name] =
          past[name.replace("past_key_values", "present")] ?? new Tensor("float32", new Float32Array(0), sizes);
      } else if (value) {
        const data =
          type === "int64" ? BigInt64Array.from(Array.from(value.data), BigInt) : Float32Array.from(value.data);
        feeds[name] = new Tensor(data, value.shape);
      }
    }
    const results = await this.#session.run(feeds as InferenceSession.FeedsType);
    const outputs = Object.fromEntries(
      Object.entries(results).map(([name, value]) => [
        name,
        numbers((value as Tensor).dims, (value as Tensor).data as Float32Array),
      ]),
    );
    return { outputs, present: results as Readonly<Record<string, OnnxValue>> };
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}

/** A folder's config.json. */
export function configOf(folder: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
}
