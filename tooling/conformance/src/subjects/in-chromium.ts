import { ortWebgpuFailures } from "../known-failures/ort-webgpu.js";
import { tfjsGpuFailures, tfjsWebgpuFailures } from "../known-failures/tfjs.js";
import type { ChromiumSubject } from "./subject.js";

/** What is tested in Chromium. This file is part of the page: it may import nothing that needs Node. */
export const chromiumSubjects: readonly ChromiumSubject[] = [
  {
    name: "tfjs:webgl",
    where: "chromium",
    device: "webgl",
    load: () => import("@relpos/backend-tfjs"),
    knownFailures: tfjsGpuFailures,
  },
  {
    name: "tfjs:webgpu",
    where: "chromium",
    device: "webgpu",
    load: () => import("@relpos/backend-tfjs"),
    webgpu: true,
    knownFailures: tfjsWebgpuFailures,
  },
  {
    name: "ort-web:wasm",
    where: "chromium",
    device: "wasm",
    load: () => import("@relpos/backend-ort-web"),
    isolated: true,
  },
  {
    name: "ort-web:webgpu",
    where: "chromium",
    device: "webgpu",
    load: () => import("@relpos/backend-ort-web"),
    webgpu: true,
    isolated: true,
    knownFailures: ortWebgpuFailures,
  },
];
