import { findVulkanDriver } from "@relpos/browser";
import { check } from "@relpos/core";
import { ortWebgpuFailures } from "../known-failures/ort-webgpu.js";
import type { NodeSubject } from "./subject.js";

/** SwiftShader, a GPU in software, unless the environment names another driver. */
function vulkan(): Readonly<Record<string, string>> {
  const driver = findVulkanDriver();
  check(driver !== undefined, "ort-node:webgpu", () => "needs a driver: install chromium, or set VK_ICD_FILENAMES");
  return { VK_ICD_FILENAMES: driver };
}

/** What is tested in Node. */
export const nodeSubjects: readonly NodeSubject[] = [
  { name: "reference", where: "node", device: "cpu", load: () => import("@relpos/backend-reference") },
  { name: "plain", where: "node", device: "cpu", load: () => import("@relpos/example-backend-plain") },
  { name: "tfjs:cpu", where: "node", device: "cpu", load: () => import("@relpos/backend-tfjs") },
  { name: "tfjs:wasm", where: "node", device: "wasm", load: () => import("@relpos/backend-tfjs") },
  { name: "ort-node:cpu", where: "node", device: "cpu", load: () => import("@relpos/backend-ort-node") },
  {
    name: "ort-node:webgpu",
    where: "node",
    device: "webgpu",
    load: () => import("@relpos/backend-ort-node"),
    environment: vulkan,
    knownFailures: ortWebgpuFailures,
  },
];
