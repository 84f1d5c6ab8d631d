import { foldIn, type HostTensor, type RandomKey, randomKey, tensor } from "@relpos/core";
import type { CatalogueEntry, CatalogueSettings, PositionDraw } from "@relpos/core/catalogue";

/** Positions of the sequences of one run, int32 [B, S]; the same whenever they are asked for. */
export interface DrawnPositions {
  training(step: number, batch: number, length: number): HostTensor;
  /** Of rows `first` … `first + count − 1` of the examination; they do not depend on how rows are batched. */
  examination(name: string, length: number, first: number, count: number): HostTensor;
}

/** The positions that an encoding draws under a seed; undefined where it draws none and sequences begin at 0. */
export function drawnPositions(
  entry: CatalogueEntry,
  settings: CatalogueSettings,
  seed: number,
): DrawnPositions | undefined {
  if (!entry.drawPositions) return undefined;
  const draw = (one: PositionDraw): HostTensor => entry.drawPositions!(settings, one);
  const key = (...purpose: readonly (string | number)[]): RandomKey =>
    ["positions", ...purpose].reduce<RandomKey>(foldIn, randomKey(seed));
  const stacked = (length: number, count: number, one: (row: number) => PositionDraw): HostTensor => {
    const positions = new Int32Array(count * length);
    for (let row = 0; row < count; row++) positions.set(draw(one(row)).data as Int32Array, row * length);
    return tensor(positions, [count, length], "int32");
  };
  return {
    training: (step, batch, length) => {
      const own = key("training", step);
      return stacked(length, batch, (row) => ({ key: foldIn(own, row), length, training: true }));
    },
    examination: (name, length, first, count) => {
      const own = key("examination", name, length);
      return stacked(length, count, (row) => ({ key: foldIn(own, first + row), length, training: false }));
    },
  };
}
