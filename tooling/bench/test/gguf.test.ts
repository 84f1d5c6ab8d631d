import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeGguf } from "../src/generation/gguf.js";

const folder = mkdtempSync(join(tmpdir(), "relpos-gguf-"));
afterAll(() => rmSync(folder, { recursive: true }));

// Layout: ggml's docs/gguf.md. magic, uint32 version, uint64 tensors, uint64 metadata; then the metadata, a description of each
// tensor, and from a multiple of 32 on the data, each tensor's at a multiple of 32.
test("a file has its header, its metadata, its tensors' descriptions with sizes innermost first, and aligned data", () => {
  const path = join(folder, "f32.gguf");
  const tensors = new Map([
    ["a", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    ["b", { shape: [1], data: Float32Array.of(7) }],
  ]);
  writeGguf(path, { k: "v", n: 5 }, tensors, "F32");
  const file = readFileSync(path);
  expect(file.toString("latin1", 0, 4)).toBe("GGUF");
  expect(file.readUInt32LE(4)).toBe(3);
  expect([file.readBigUInt64LE(8), file.readBigUInt64LE(16)]).toEqual([2n, 2n]);

  const metadata = 24;
  // "k" (8 + 1), type string 8, "v" (8 + 1); "n" (8 + 1), type uint32 4, 5.
  expect([file.readUInt32LE(metadata + 9), file.toString("latin1", metadata + 21, metadata + 22)]).toEqual([8, "v"]);
  expect([file.readUInt32LE(metadata + 31), file.readUInt32LE(metadata + 35)]).toEqual([4, 5]);

  const first = metadata + 39;
  // "a" (8 + 1), two axes, 3 and 2, type F32 0, offset 0.
  expect(file.readUInt32LE(first + 9)).toBe(2);
  expect([13, 21].map((place) => file.readBigUInt64LE(first + place))).toEqual([3n, 2n]);
  expect([file.readUInt32LE(first + 29), file.readBigUInt64LE(first + 33)]).toEqual([0, 0n]);
  const second = first + 41;
  expect(file.readBigUInt64LE(second + 25)).toBe(32n);

  const data = Math.ceil((second + 33) / 32) * 32;
  expect([0, 1, 2, 3, 4, 5].map((index) => file.readFloatLE(data + 4 * index))).toEqual([1, 2, 3, 4, 5, 6]);
  expect(file.readFloatLE(data + 32)).toBe(7);
  expect(file.length).toBe(data + 64);
});

// Q8_0 (ggml-common.h, block_q8_0): a float16 scale d = max |x| / 127, then round(x / d) for 32 numbers.
test("Q8_0 stores a scale and 32 whole numbers in 34 bytes", () => {
  const path = join(folder, "q8.gguf");
  const whole = Array.from({ length: 32 }, (_, index) => 127 - 8 * index);
  writeGguf(path, {}, new Map([["w", { shape: [1, 32], data: Float32Array.from(whole, (x) => x / 8) }]]), "Q8_0");
  const file = readFileSync(path);
  const description = 24;
  expect(file.readUInt32LE(description + 9 + 4 + 16)).toBe(8);
  const data = Math.ceil((description + 41) / 32) * 32;
  // 2⁻³ in float16: exponent 15 − 3, no fraction.
  expect(file.readUInt16LE(data)).toBe((15 - 3) << 10);
  expect(Array.from({ length: 32 }, (_, index) => file.readInt8(data + 2 + index))).toEqual(whole);
});

// Q4_0 (ggml-common.h, block_q4_0): a float16 scale d = the number of largest magnitude / −8, then min(15, ⌊x / d + 8.5⌋), numbers
// i and i + 16 in a byte, the first in its lower half.
test("Q4_0 stores a scale and 32 numbers of four bits in 18 bytes", () => {
  const path = join(folder, "q4.gguf");
  const whole = Array.from({ length: 32 }, (_, index) => (index % 16) - 8);
  writeGguf(path, {}, new Map([["w", { shape: [1, 32], data: Float32Array.from(whole, (x) => x / 4) }]]), "Q4_0");
  const file = readFileSync(path);
  const description = 24;
  expect(file.readUInt32LE(description + 9 + 4 + 16)).toBe(2);
  const data = Math.ceil((description + 41) / 32) * 32;
  // 2⁻² in float16.
  expect(file.readUInt16LE(data)).toBe((15 - 2) << 10);
  const bytes = Array.from({ length: 16 }, (_, index) => file.readUInt8(data + 2 + index));
  expect(bytes).toEqual(Array.from({ length: 16 }, (_, index) => index | (index << 4)));
});
