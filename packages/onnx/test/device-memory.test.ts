import { tensor } from "@relpos/core";
import { expect, test } from "vitest";
import { createOrtDriver, type OrtRuntime, type OrtValue } from "../src/driver.js";
import { copyModels } from "../src/session/copy-models.js";

/** A runtime that keeps a diary. Sessions give back their first input, where the option says. */
function fakeRuntime(): { readonly runtime: OrtRuntime; readonly diary: string[] } {
  const diary: string[] = [];
  class Value implements OrtValue {
    readonly size: number;
    constructor(
      readonly type: string,
      readonly data: unknown,
      readonly dims: readonly number[],
      readonly location = "cpu",
    ) {
      this.size = dims.reduce((product, size) => product * size, 1);
    }
    getData = async () => this.data;
    dispose = () => void diary.push(`dispose ${this.location}`);
  }
  const create: OrtRuntime["InferenceSession"]["create"] = async (_, { preferredOutputLocation: place }) => ({
    run: async (feeds, fetches) => {
      const [fed] = Object.values(feeds) as [Value];
      const [output] = Object.keys(fetches) as [string];
      const location = typeof place === "string" ? place : (place as Record<string, string>)[output];
      diary.push(`run ${fed.location} → ${location}`);
      return { [output]: new Value(fed.type, fed.data, fed.dims, location) };
    },
    release: async () => void diary.push("release"),
  });
  return { runtime: { InferenceSession: { create }, Tensor: Value as never }, diary };
}

const plan = {
  inputs: ["a"],
  outputs: ["b"],
  outputTypes: ["float32"],
  donated: [0],
  inPlace: [],
  rowWrites: [],
} as const;

test("a tensor goes to the device once, stays there from run to run, and comes back when it is downloaded", async () => {
  const { runtime, diary } = fakeRuntime();
  const driver = createOrtDriver(runtime, {}, { copyModels: copyModels() });
  await driver.open({ session: 0, model: new Uint8Array(), externalData: [], constants: [], configuration: {}, plan });
  await driver.upload({ tensor: 0, value: tensor([1, 2], [2]) });
  await driver.run({ session: 0, feeds: [0], outputs: [1] });
  await driver.run({ session: 0, feeds: [1], outputs: [2] });
  const value = await driver.download(2);
  expect(value).toEqual(tensor([1, 2], [2]));
  expect(diary).toEqual([
    "run cpu → gpu-buffer",
    "run gpu-buffer → gpu-buffer",
    "dispose gpu-buffer",
    "run gpu-buffer → gpu-buffer",
    "dispose gpu-buffer",
    "run gpu-buffer → cpu",
  ]);
  expect(await driver.memory()).toEqual({ tensors: 1 });
  await driver.close();
  expect(diary.slice(-4)).toEqual(["dispose gpu-buffer", "release", "release", "release"]);
});

test("a tensor without elements, or of a type that no GPU holds, stays with the host", async () => {
  const { runtime, diary } = fakeRuntime();
  const driver = createOrtDriver(runtime, {}, { copyModels: copyModels() });
  await driver.upload({ tensor: 0, value: tensor([], [0, 3]) });
  await driver.upload({ tensor: 1, value: tensor([1], [1], "int8") });
  expect(await driver.download(0)).toEqual(tensor([], [0, 3]));
  expect(await driver.download(1)).toEqual(tensor([1], [1], "int8"));
  expect(diary).toEqual([]);
});
