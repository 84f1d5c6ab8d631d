import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  bytesSource,
  encodeSafetensors,
  openSafetensors,
  openShards,
  type StoredDType,
  saveSafetensors,
  storedDTypes,
  toHostTensor,
  toStoredTensor,
} from "../src/index.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relpos-safetensors-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A file by hand: length, header text, data. */
function file(header: string | object, data = 0, length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const dtypeNames = Object.keys(storedDTypes) as StoredDType[];

const storedTensors = fc.dictionary(
  fc.string({ minLength: 1, unit: "grapheme" }).filter((name) => name !== "__metadata__"),
  fc
    .record({
      dtype: fc.constantFrom(...dtypeNames),
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
    })
    .chain(({ dtype, shape }) => {
      const length = shape.reduce((a, b) => a * b, 1) * storedDTypes[dtype].size;
      return fc
        .uint8Array({ minLength: length, maxLength: length })
        .map((bytes) => ({ dtype, shape, bytes: Uint8Array.from(bytes) }));
    }),
  { maxKeys: 6 },
);

describe("reading what was written", () => {
  test("gives the same bytes, for every type, shape and name", async () => {
    const property = fc.asyncProperty(
      storedTensors,
      fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })),
      async (tensors, metadata) => {
        const opened = await openSafetensors(encodeSafetensors(tensors, { metadata }));
        expect(opened.metadata).toEqual({ ...metadata });
        expect([...opened.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
        for (const [name, tensor] of Object.entries(tensors)) expect(await opened.read(name)).toEqual({ ...tensor });
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });

  test("from a file, a Blob, a URL with and without ranges, reading only what is asked for", async () => {
    const tensors = { a: toStoredTensor({ shape: [2], dtype: "float32", data: Float32Array.of(1.5, -2) }) };
    const bytes = encodeSafetensors(tensors);
    const path = join(folder, "own.safetensors");
    await saveSafetensors(path, tensors);
    expect(new Uint8Array(await readFile(path))).toEqual(bytes);
    const ranges: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      ranges.push(request.headers.range);
      const [, start, end] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
      if (request.url === "/plain") return response.end(bytes);
      response.writeHead(206, { "content-range": `bytes ${start}-${end}/${bytes.length}` });
      return response.end(bytes.subarray(Number(start), Number(end) + 1));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    try {
      const origin = `http://127.0.0.1:${port}`;
      for (const source of [path, new Blob([bytes]), `${origin}/ranges`, new URL(`${origin}/plain`), bytes]) {
        const opened = await openSafetensors(source);
        expect(await opened.load("a")).toEqual({ shape: [2], dtype: "float32", data: Float32Array.of(1.5, -2) });
        await opened.close();
        await opened.close();
      }
      expect(ranges).toContain(`bytes=${bytes.length - 8}-${bytes.length - 1}`);
    } finally {
      server.close();
    }
  });

  test("a write that fails leaves the old file and nothing beside it", async () => {
    const path = join(folder, "atomic", "model.safetensors");
    await saveSafetensors(path, {});
    const before = await readFile(path);
    const wrong = { a: { dtype: "F32", shape: [2], bytes: new Uint8Array(4) } } as const;
    await expect(saveSafetensors(path, wrong)).rejects.toThrow("a: F32 of shape [2] must have 8 bytes, got 4");
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(join(folder, "atomic"))).toEqual(["model.safetensors"]);
  });
});

describe("values", () => {
  test.each([
    ["F64", Float64Array.of(0.1, -1e300), "float32"],
    ["F32", Float32Array.of(0.5, -3), "float32"],
    ["F16", Uint16Array.of(0x3c00, 0xc000), "float16"],
    ["BF16", Uint16Array.of(0x3f80, 0xc000), "bfloat16"],
    ["I64", BigInt64Array.of(-5n, 2147483647n), "int32"],
    ["I32", Int32Array.of(-5, 7), "int32"],
    ["I16", Int16Array.of(-5, 7), "int32"],
    ["I8", Int8Array.of(-5, 7), "int8"],
    ["U64", BigUint64Array.of(5n, 7n), "int32"],
    ["U32", Uint32Array.of(5, 7), "int32"],
    ["U16", Uint16Array.of(5, 65535), "int32"],
    ["U8", Uint8Array.of(5, 255), "uint8"],
    ["BOOL", Uint8Array.of(1, 0), "bool"],
  ] as const)("%s", (dtype, values, own) => {
    // One byte before, so that the elements are not aligned.
    const bytes = new Uint8Array(values.byteLength + 1).subarray(1);
    bytes.set(new Uint8Array(values.buffer));
    const host = toHostTensor({ dtype, shape: [2], bytes });
    expect(host.dtype).toBe(own);
    expect(Array.from(host.data)).toEqual(Array.from<number | bigint>(values).map(Number));
  });

  test("64-bit integers that do not fit are an error", () => {
    const bytes = new Uint8Array(BigInt64Array.of(2n ** 31n).buffer);
    expect(() => toHostTensor({ dtype: "I64", shape: [1], bytes }, "ids")).toThrow(
      "[safetensors] ids: values must fit int32, got 2147483648",
    );
  });
});

const one = { dtype: "F32", shape: [1], data_offsets: [0, 4] };

describe("a faulty file is an error that names the fault", () => {
  test.each<[string, Uint8Array, string]>([
    ["shorter than its length field", new Uint8Array(5), "at least 8 bytes, got 5"],
    ["header of 2⁶³ bytes", file({}, 0, 2n ** 63n), "got 9223372036854775808"],
    ["header longer than the file", file({}, 0, 3n), "header length must fit the file of 10 bytes"],
    ["no JSON", file("{oops"), "header must be JSON"],
    [
      "no UTF-8",
      file({ a: one }, 4).map((byte, index) => (index === 10 ? 0xff : byte)),
      "header must be JSON in UTF-8",
    ],
    ["no object", file("[]"), "header must be a JSON object"],
    ["nothing", file(""), "header must be JSON"],
    ["a name twice", file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061" :{}}', 4), "got a twice"],
    [
      "a field twice",
      file('{"a":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}', 4),
      "got dtype twice",
    ],
    ["unknown dtype", file({ a: { ...one, dtype: "F8_E4M3" } }, 4), 'got "F8_E4M3"'],
    ["inherited name as dtype", file({ a: { ...one, dtype: "toString" } }, 4), 'got "toString"'],
    ["negative size", file({ a: { ...one, shape: [-1] } }, 4), "shape must be a list of sizes, got [-1]"],
    ["overflowing shape", file({ a: { ...one, shape: [2 ** 40, 2 ** 40] } }, 4), "must have"],
    ["three offsets", file({ a: { ...one, data_offsets: [0, 2, 4] } }, 4), "data_offsets must be two offsets"],
    ["offsets that do not fit the shape", file({ a: { ...one, shape: [2] } }, 4), "must have 8 bytes, got 4"],
    ["out of bounds", file({ a: one }, 3), "must end with the file"],
    ["bytes left over", file({ a: one }, 5), "must end with the file"],
    ["hole", file({ a: one, b: { ...one, data_offsets: [8, 12] } }, 12), "b leaves a hole before it"],
    ["overlap", file({ a: one, b: { ...one, data_offsets: [0, 4] } }, 4), "overlaps the tensor before it"],
    ["metadata that is no text", file({ __metadata__: { a: 1 } }), "__metadata__ must map strings to strings"],
  ])("%s", async (_, bytes, message) => {
    await expect(openSafetensors(bytes)).rejects.toThrow(message);
  });

  test("every cut of a file is an error", async () => {
    const whole = encodeSafetensors({ a: { shape: [2], dtype: "float32", data: Float32Array.of(1, 2) } });
    for (let length = 0; length < whole.length; length++) {
      await expect(openSafetensors(whole.slice(0, length))).rejects.toThrow("[safetensors]");
    }
  });

  test("any header bytes at all give tensors or an error of ours", async () => {
    const header = fc.oneof(fc.json(), fc.string(), fc.constant(JSON.stringify({ a: one })));
    const property = fc.asyncProperty(header, fc.nat(8), async (text, data) => {
      const result = await openSafetensors(file(text, data)).catch((error: Error) => error);
      if (result instanceof Error) expect(result.message).toMatch(/^\[safetensors\]/);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  test("a missing file, and an unknown name", async () => {
    await expect(openSafetensors(join(folder, "none"))).rejects.toThrow("none must be a file that can be read");
    const opened = await openSafetensors(encodeSafetensors({}));
    await expect(opened.read("a")).rejects.toThrow("there is no tensor a");
  });

  test("an abort", async () => {
    await saveSafetensors(join(folder, "abort.safetensors"), {});
    const signal = AbortSignal.abort();
    await expect(openSafetensors(join(folder, "abort.safetensors"), { signal })).rejects.toThrow("aborted");
  });
});

describe("shards", () => {
  const shard = (name: string) =>
    encodeSafetensors({ [name]: { shape: [1], dtype: "float32", data: Float32Array.of(1) } });
  const index = (map: object) => bytesSource(new TextEncoder().encode(JSON.stringify({ weight_map: map })), "index");
  const files = new Map([
    ["1.safetensors", bytesSource(shard("a"), "1.safetensors")],
    ["2.safetensors", bytesSource(shard("b"), "2.safetensors")],
  ]);

  test("are one", async () => {
    const opened = await openShards(index({ a: "1.safetensors", b: "2.safetensors" }), files);
    expect([...opened.tensors.keys()]).toEqual(["a", "b"]);
    expect(toHostTensor(await opened.read("b")).data).toEqual(Float32Array.of(1));
  });

  test.each([
    [{ a: "../1.safetensors" }, 'names of files beside it, got "../1.safetensors"'],
    [{ a: "/etc/passwd" }, 'names of files beside it, got "/etc/passwd"'],
    [{ a: "C:\\x" }, "names of files beside it"],
    [{ a: ".." }, "names of files beside it"],
    [{ a: "3.safetensors" }, "there is no shard 3.safetensors"],
    [{ a: "1.safetensors", c: "1.safetensors" }, "1.safetensors must hold c, and does not"],
    [{ a: "1.safetensors", d: "2.safetensors" }, "b must be in no shard, got 2.safetensors"],
    [{ a: 3 }, "weight_map must name the file of each tensor"],
    [{}, "weight_map must name the file of each tensor"],
  ])("%j: an error", async (map, message) => {
    await expect(openShards(index(map), files)).rejects.toThrow(message);
  });

  test("nothing outside the folder is read, whatever the index says", async () => {
    await writeFile(join(folder, "outside.safetensors"), shard("a"));
    await expect(openShards(index({ a: "../outside.safetensors" }), files)).rejects.toThrow("beside it");
  });
});
