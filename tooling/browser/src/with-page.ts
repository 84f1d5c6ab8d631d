import { chromium, type Page } from "playwright-core";
import { findChromium } from "./find-chromium.js";

export interface PageOptions {
  /** Whether there is WebGPU, on SwiftShader. Default false. */
  readonly webgpu?: boolean;
  readonly signal?: AbortSignal | undefined;
}

const usual = [
  "--headless=new",
  "--no-sandbox",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];
const webgpuFlags = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

/**
 * Does something with an empty page of headless Chromium, and returns what it gives.
 *
 * Rejects with what goes wrong in it, with the first error that the page, one of its workers or its console reports, or
 * with the signal's reason.
 */
export async function withPage<R>(options: PageOptions, use: (page: Page) => Promise<R>): Promise<R> {
  const { webgpu = false, signal } = options;
  signal?.throwIfAborted();
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("there is no Chromium: install it, or set CHROMIUM_PATH");
  const browser = await chromium.launch({ executablePath, args: webgpu ? [...usual, ...webgpuFlags] : usual });
  try {
    const page = await browser.newPage();
    const failed = firstFailure(page, signal);
    const working = use(page);
    working.catch(() => {});
    return await Promise.race([failed, working]);
  } finally {
    await browser.close();
  }
}

/** Rejects when the page goes wrong, or the signal aborts. */
function firstFailure(page: Page, signal: AbortSignal | undefined): Promise<never> {
  const failed = new Promise<never>((_, reject) => {
    page.on("pageerror", reject);
    page.on("crash", () => reject(new Error("the page crashed")));
    page.on("console", (message) => {
      const { url, lineNumber } = message.location();
      if (message.type() === "error") reject(new Error(`${message.text()} (${url}:${lineNumber})`));
    });
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    if (signal?.aborted) reject(signal.reason);
  });
  failed.catch(() => {});
  return failed;
}
