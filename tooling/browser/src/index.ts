export { findChromium } from "./find-chromium.js";
export { findVulkanDriver } from "./find-vulkan-driver.js";
export { type ChromiumRun, runInChromium } from "./run-in-chromium.js";
export { type Site, serve, serveFolder } from "./serve.js";
export { type PageOptions, withPage } from "./with-page.js";
