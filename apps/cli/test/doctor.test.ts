import { mkdir, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import type { DoctorReport } from "../src/doctor/report.js";
import { relpos, temporaryFolder } from "./captured.js";

// Devices are examined in processes of their own, which run the built program.

const at = temporaryFolder();

/** A backend whose devices go wrong in every way. */
const troubled = `
const wrong = {
  specVersion: 1, name: "troubled", dtypes: new Set(["float32"]),
  compile: async (graph) => ({ graph, run: async () => [{}], close: async () => {} }),
  upload: async () => ({}), download: async () => ({ shape: [2, 2], dtype: "float32", data: Float32Array.of(7, 10, 15, 0) }),
  dispose: () => {}, close: async () => {},
};
const devices = {
  crashes: () => process.abort(),
  exits: () => { console.error("out of luck"); process.exit(3); },
  refuses: async () => { throw new Error("[create] no driver\\n  was found"); },
  miscounts: async () => wrong,
};
export const provider = {
  name: "troubled", summary: "trouble", devices: Object.keys(devices), create: ({ device }) => devices[device](),
};`;

beforeAll(async () => {
  await mkdir(at("troubled"));
  await writeFile(at("troubled", "package.json"), '{ "type": "module", "version": "1.2.3" }');
  await writeFile(at("troubled", "index.js"), troubled);
  const create = "() => new Promise(() => setInterval(() => {}, 1000))";
  const hanging = `export const provider = { name: "hanging", summary: "", devices: ["cpu"], create: ${create} };`;
  await writeFile(at("hanging.mjs"), hanging);
});

async function examined(...args: readonly string[]): Promise<DoctorReport> {
  const { code, out, error } = await relpos("doctor", "--json", ...args);
  expect({ code, error }).toEqual({ code: 0, error: "" });
  return JSON.parse(out) as DoctorReport;
}

describe("relpos doctor", () => {
  test("tells what every device can do, as JSON", async () => {
    const { format, machine, relpos, backends } = await examined("reference", "ort-node");
    expect(format).toBe("relpos-doctor");
    expect(relpos).toMatch(/^\d+\.\d+\.\d+$/);
    expect(machine).toMatchObject({ node: process.versions.node, cores: expect.any(Number) });
    expect(backends).toMatchObject([
      { name: "reference", loaded: true, version: relpos, devices: [{ device: "cpu", ready: true }] },
      { name: "ort-node", loaded: true, devices: [{ device: "cpu" }, { device: "webgpu" }, { device: "cuda" }] },
    ]);
    const [reference, ort] = backends.map((backend) => backend.loaded && backend.devices[0]);
    if (!reference || !ort || !reference.ready || !ort.ready) throw new Error("processors must be ready");
    expect(reference.dtypes).toContain("bfloat16");
    expect(reference.claims.every(({ claimed, calls }) => claimed === 0 && calls > 0)).toBe(true);
    expect(ort.dtypes).not.toContain("bfloat16");
    expect(ort.details).toMatchObject({ "onnxruntime-node": expect.stringMatching(/^\d+\.\d+/) });
    const softmax = ort.claims.find(({ composite }) => composite === "softmax");
    expect(softmax?.claimed).toBe(softmax?.calls);
  });

  test("survives devices that crash, hang, refuse or compute nonsense", async () => {
    const { backends } = await examined(at("troubled"));
    expect(backends).toEqual([
      {
        name: at("troubled"),
        loaded: true,
        version: "1.2.3",
        summary: "trouble",
        devices: [
          { device: "crashes", ready: false, reason: expect.stringMatching(/^its process ended with SIGABRT/) },
          { device: "exits", ready: false, reason: "its process ended with code 3 (out of luck)" },
          { device: "refuses", ready: false, reason: "no driver was found" },
          { device: "miscounts", ready: false, reason: "[[1, 2], [3, 4]]² must be 7, 10, 15, 22, got 7, 10, 15, 0" },
        ],
      },
    ]);
    const hanging = await examined(at("hanging.mjs"), "--time-limit", "1");
    expect(hanging.backends).toMatchObject([{ devices: [{ ready: false, reason: "it did not answer within 1 s" }] }]);
  });

  test("tells what to do about a backend that is not there", async () => {
    const { backends } = await examined("tfjs", at("nowhere"));
    expect(backends).toEqual([
      {
        name: "tfjs",
        loaded: false,
        reason: "@relpos/backend-tfjs is not installed",
        remedy: "npm install @relpos/backend-tfjs",
      },
      {
        name: at("nowhere"),
        loaded: false,
        reason: "there is no such file or folder",
        remedy: "name the folder of a package",
      },
    ]);
  });

  test("prints a page for people", async () => {
    const { code, out } = await relpos("doctor", "reference", "tfjs");
    expect(code).toBe(0);
    expect(out).toMatch(/^relpos \d+\.\d+\.\d+, Node \d+\.\d+\.\d+, \w+ \w+\n.+, \d+ cores?, \d+ GiB memory\n\n/);
    expect(out).toMatch(/^reference \d+\.\d+\.\d+: plain TypeScript .*\n {2}cpu +✓ ready in [\d.]+ m?s\n/m);
    expect(out).toMatch(/^ {4}dtypes {2}float32, float16, .*\n {4}fused {3}none\n\ntfjs\n {2}— /m);
    expect(out).toContain("— @relpos/backend-tfjs is not installed: npm install @relpos/backend-tfjs\n");
  });

  test("refuses a time limit of nothing", async () => {
    expect(await relpos("doctor", "--time-limit", "0")).toMatchObject({
      code: 2,
      error: 'error: --time-limit takes a whole number from 1, got "0" — for example --time-limit 2\n',
    });
  });
});
