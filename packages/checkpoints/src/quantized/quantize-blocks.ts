import { type BlockBits, check, type HostTensor } from "@relpos/core";

/** Numbers of a block, which share a scale. */
export const defaultBlock = 32;

/** A matrix in blocks, as core's `dequantizeBlocks` reads it. */
export interface Blocks {
  /** uint8 [rows, blocks, block · bits / 8]. */
  readonly data: HostTensor;
  /** float32 [rows, blocks]. */
  readonly scales: HostTensor;
}

/**
 * A matrix [rows, columns] in blocks along its rows, symmetric: each number becomes the nearest multiple of its block's scale, which
 * is the largest magnitude over 127 for 8 bits, and minus the number of largest magnitude over 8 for 4 bits, as in GGML's Q8_0
 * and Q4_0: the sixteen steps from −8 to 7 then reach farther on the side where the block does.
 */
export function quantizeBlocks(value: HostTensor, bits: BlockBits, block = defaultBlock): Blocks {
  const [rows = 0, columns = 0] = value.shape;
  check(value.shape.length === 2 && columns % block === 0, "quantizeBlocks", () => {
    return `a matrix must have a multiple of ${block} columns, got [${value.shape}]`;
  });
  const numbers = value.data;
  const count = (rows * columns) / block;
  const bytes = (block * bits) / 8;
  const data = new Uint8Array(count * bytes);
  const scales = new Float32Array(count);
  for (let index = 0; index < count; index++) {
    const start = index * block;
    const farthest = farthestFromZero(numbers, start, block);
    const scale = Math.fround(bits === 8 ? Math.abs(farthest) / 127 : farthest / -8);
    const inverse = scale === 0 ? 0 : 1 / scale;
    scales[index] = scale;
    if (bits === 8) {
      for (let i = 0; i < block; i++) data[start + i] = 128 + Math.round((numbers[start + i] as number) * inverse);
    } else {
      for (let i = 0; i < block; i += 2) {
        const low = nibble((numbers[start + i] as number) * inverse);
        data[(start + i) / 2] = low | (nibble((numbers[start + i + 1] as number) * inverse) << 4);
      }
    }
  }
  return {
    data: { shape: [rows, columns / block, bytes], dtype: "uint8", data },
    scales: { shape: [rows, columns / block], dtype: "float32", data: scales },
  };
}

const nibble = (multiple: number): number => Math.min(15, 8 + Math.round(multiple));

function farthestFromZero(numbers: HostTensor["data"], start: number, length: number): number {
  let farthest = 0;
  for (let i = start; i < start + length; i++) {
    if (Math.abs(numbers[i] as number) > Math.abs(farthest)) farthest = numbers[i] as number;
  }
  return farthest;
}
