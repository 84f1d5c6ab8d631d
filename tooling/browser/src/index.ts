export { findChromium } from "./find-chromium.js";
export { findVulkanDriver } from "./find-vulkan-driver.js";
export { type ChromiumRun, runInChromium } from "./run-in-chromium.js";
export { type Site, serve } from "./serve.js";
