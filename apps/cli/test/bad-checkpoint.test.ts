import { mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { encodeSafetensors, openSafetensors } from "@relpos/checkpoints/safetensors";
import { type HostTensor, toNumbers } from "@relpos/core";
import { charactersTokenizer, vocabularyOf } from "@relpos/text";
import { beforeAll, expect, test } from "vitest";
import { relpos, temporaryFolder } from "./captured.js";
import { makeCheckpoint, tokenizer } from "./checkpoint-folder.js";

// What is wrong with a checkpoint is one line on stderr and exit code 1, in less than a second, and nothing on stdout.

const at = temporaryFolder();
const tensor = "model.layers.0.mlp.up_proj.weight";

/** One that reads weights, and one that has ONNX Runtime read them where they lie. */
const backends = ["reference", "ort-node"] as const;

const generate = (model: string, backend: (typeof backends)[number] = "reference", prompt = "the cat") =>
  relpos("generate", "--model", model, "--backend", backend, "--prompt", prompt, "--max-new-tokens", "1");

/** The fixture's tensors, changed, as a file. */
async function tensorsWith(folder: string, change: (own: Map<string, HostTensor>) => void): Promise<void> {
  const path = `${folder}/model.safetensors`;
  const file = await openSafetensors(path);
  const entries = [...file.tensors.keys()].map(async (name) => [name, await file.load(name)] as const);
  const own = new Map(await Promise.all(entries));
  await file.close();
  change(own);
  await writeFile(path, encodeSafetensors(own));
}

/** The header of the fixture's file, changed. */
async function headerWith(folder: string, change: (header: Record<string, { data_offsets: number[] }>) => void) {
  const path = `${folder}/model.safetensors`;
  const bytes = await readFile(path);
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, end).toString());
  change(header);
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(path, Buffer.concat([length, text, bytes.subarray(end)]));
}

async function configWith(folder: string, changes: object): Promise<void> {
  const path = `${folder}/config.json`;
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, "utf8")), ...changes }));
}

/** An index that puts every tensor into one shard. */
async function indexWith(folder: string, shard: string): Promise<void> {
  const file = await openSafetensors(`${folder}/model.safetensors`);
  const map = Object.fromEntries([...file.tensors.keys()].map((name) => [name, shard]));
  await file.close();
  await writeFile(`${folder}/model.safetensors.index.json`, JSON.stringify({ weight_map: map }));
}

const wide = charactersTokenizer(vocabularyOf([...tokenizer.vocabulary.tokens, "x"]));

const faults: readonly (readonly [string, (folder: string) => Promise<unknown>, string])[] = [
  ["file cut off", (folder) => truncate(`${folder}/model.safetensors`, 50_000), "must end with the file"],
  ["file of 3 bytes", (folder) => truncate(`${folder}/model.safetensors`, 3), "must have at least 8 bytes, got 3"],
  [
    "header of 2⁶³ bytes",
    async (folder) => {
      const bytes = await readFile(`${folder}/model.safetensors`);
      bytes.writeBigUInt64LE(2n ** 63n);
      await writeFile(`${folder}/model.safetensors`, bytes);
    },
    "got 9223372036854775808",
  ],
  [
    "tensors that overlap",
    (folder) =>
      headerWith(folder, (header) => {
        const [first, second] = Object.values(header).filter((entry) => entry.data_offsets);
        const length = second!.data_offsets[1]! - second!.data_offsets[0]!;
        second!.data_offsets = [first!.data_offsets[0]!, first!.data_offsets[0]! + length];
      }),
    "overlaps the tensor before it",
  ],
  ["tensor that is missing", (folder) => tensorsWith(folder, (own) => own.delete(tensor)), `it lacks ${tensor}`],
  ["sizes that do not fit", (folder) => configWith(folder, { intermediate_size: 32 }), "must give shape [32,48]"],
  [
    "NaN among the weights",
    (folder) =>
      tensorsWith(folder, (own) => {
        own.get(tensor)!.data[3] = 0x7fc0;
      }),
    `${tensor}: every value must be a number, got NaN`,
  ],
  [
    "NaN among weights of 32 bits, which need not be read to be used",
    (folder) =>
      tensorsWith(folder, (own) => {
        for (const [name, { shape, ...value }] of own) {
          own.set(name, { shape, dtype: "float32", data: Float32Array.from(toNumbers({ shape, ...value })) });
        }
        own.get(tensor)!.data[3] = Number.NaN;
      }),
    `${tensor}: every value must be a number, got NaN`,
  ],
  ["setting that is unknown", (folder) => configWith(folder, { wobble: 3 }), "got wobble (3)"],
  ["configuration that is no JSON", (folder) => writeFile(`${folder}/config.json`, "{"), "config.json must be JSON"],
  [
    "tokenizer with more tokens than the model",
    (folder) => writeFile(`${folder}/tokenizer.json`, JSON.stringify(wide)),
    "the tokenizer's 257 tokens must be among the model's 256",
  ],
  ["tokenizer that is none", (folder) => writeFile(`${folder}/tokenizer.json`, "[]"), "tokenizer.json must be"],
  ["shard above the folder", (folder) => indexWith(folder, "../outside.safetensors"), "names of files beside it"],
  ["shard by its path", (folder) => indexWith(folder, at("outside.safetensors")), "names of files beside it"],
  ["shard that is not there", (folder) => indexWith(folder, "1.safetensors"), "there is no shard 1.safetensors"],
];

beforeAll(async () => {
  const whole = await makeCheckpoint(at("whole"));
  await writeFile(at("outside.safetensors"), await readFile(`${whole}/model.safetensors`));
  await mkdir(at("empty"));
  for (const backend of backends) expect(await generate(whole, backend)).toMatchObject({ code: 0 });
});

/** The result of a run, and the processor's time that it took, however busy the machine is. */
async function timed<T>(run: () => Promise<T>): Promise<readonly [T, number]> {
  const before = process.cpuUsage();
  const result = await run();
  const { user, system } = process.cpuUsage(before);
  return [result, (user + system) / 1e6];
}

const cases = faults.flatMap((fault) => backends.map((backend) => [backend, ...fault] as const));

test.each(cases)("%s: %s", async (backend, name, spoil, message) => {
  const folder = await makeCheckpoint(at(`${backend}-${name}`));
  await spoil(folder);
  const [{ code, out, error }, seconds] = await timed(() => generate(folder, backend));
  expect([code, out]).toEqual([1, ""]);
  expect(error).toMatch(/^error: [^\n]* — [^\n]*\n$/);
  expect(error).toContain(message);
  expect(seconds).toBeLessThan(1);
});

test.each([
  ["longer than the context", "a".repeat(300), "the prompt must be shorter than the context of 256 tokens, got 300"],
  ["of characters without a token", "QQ", "text must use the characters of the vocabulary"],
])("a prompt %s", async (_, prompt, message) => {
  const [{ code, out, error }, seconds] = await timed(() => generate(at("whole"), "reference", prompt));
  expect([code, out]).toEqual([1, ""]);
  expect(error).toMatch(new RegExp(`^error: ${message}[^\\n]* — try another prompt, or the model's own tokenizer\\n$`));
  expect(seconds).toBeLessThan(1);
});

test("a folder without files", async () => {
  const { code, out, error } = await generate(at("empty"));
  expect([code, out, error]).toEqual([1, "", expect.stringContaining("must have a file config.json, it has none")]);
});
