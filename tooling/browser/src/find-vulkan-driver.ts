import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { findChromium } from "./find-chromium.js";

const manifest = "vk_swiftshader_icd.json";

/**
 * The manifest of a Vulkan driver for WebGPU in Node: `VK_ICD_FILENAMES`, else that of SwiftShader, a GPU in software,
 * which Chromium brings along; undefined when there is none.
 */
export function findVulkanDriver(): string | undefined {
  if (process.env.VK_ICD_FILENAMES) return process.env.VK_ICD_FILENAMES;
  const chromium = findChromium();
  if (chromium === undefined || !existsSync(chromium)) return undefined;
  const folders = [dirname(realpathSync(chromium)), "/usr/lib/chromium", "/opt/google/chrome"];
  return folders.map((folder) => join(folder, manifest)).find((path) => existsSync(path));
}
