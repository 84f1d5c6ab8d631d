import type { CatalogueEntry, CatalogueSettings, PositionDraw } from "@relpos/catalogue";
import { foldIn, type HostTensor, type RandomKey, randomKey, tensor } from "@relpos/core";

/** Positions of the sequences of one run, by their tokens [B, S]: int32 [B, S], the same whenever they are asked for. */
export interface DrawnPositions {
  training(step: number, tokens: HostTensor): HostTensor;
  /** Of the rows of the examination from `first` on; they do not depend on how rows are batched. */
  examination(name: string, first: number, tokens: HostTensor): HostTensor;
}

/** The positions that an encoding draws or makes of tokens; undefined where it has none and sequences begin at 0. */
export function drawnPositions(
  entry: CatalogueEntry,
  settings: CatalogueSettings,
  seed: number,
): DrawnPositions | undefined {
  if (!entry.drawPositions) return undefined;
  const key = (...purpose: readonly (string | number)[]): RandomKey =>
    ["positions", ...purpose].reduce<RandomKey>(foldIn, randomKey(seed));
  const stacked = (tokens: HostTensor, one: (row: number) => Pick<PositionDraw, "key" | "training">): HostTensor => {
    const [count, length] = tokens.shape as readonly [number, number];
    const positions = new Int32Array(count * length);
    for (let row = 0; row < count; row++) {
      const own = tensor(tokens.data.slice(row * length, (row + 1) * length), [length], "int32");
      positions.set(entry.drawPositions!(settings, { ...one(row), length, tokens: own }).data, row * length);
    }
    return tensor(positions, [count, length], "int32");
  };
  return {
    training: (step, tokens) => {
      const own = key("training", step);
      return stacked(tokens, (row) => ({ key: foldIn(own, row), training: true }));
    },
    examination: (name, first, tokens) => {
      const own = key("examination", name, tokens.shape[1]!);
      return stacked(tokens, (row) => ({ key: foldIn(own, first + row), training: false }));
    },
  };
}
