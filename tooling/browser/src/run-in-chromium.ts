import { type Browser, chromium, type Page } from "playwright-core";
import { findChromium } from "./find-chromium.js";
import { serve } from "./serve.js";

export interface ChromiumRun {
  /** Absolute path of a TypeScript module that exports `main(argument, report)`. */
  readonly module: string;
  /** What `main` gets first: JSON. */
  readonly argument?: unknown;
  /** Whether there is WebGPU, on SwiftShader. Default false. */
  readonly webgpu?: boolean;
  /** Whether the page is cross-origin isolated, and so has threads. Default false. */
  readonly isolated?: boolean;
  /** Gets each value that `main` passes to `report`. */
  readonly onMessage?: (message: unknown) => void;
  readonly signal?: AbortSignal;
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
 * Calls the `main` of a module in a page of headless Chromium, and returns what it returns.
 *
 * Rejects with what `main` throws, with the first error that the page, one of its workers or its console reports, or with
 * the signal's reason.
 */
export async function runInChromium<R>(run: ChromiumRun): Promise<R> {
  const { module, webgpu = false, isolated = false, signal } = run;
  signal?.throwIfAborted();
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("there is no Chromium: install it, or set CHROMIUM_PATH");
  const site = await serve(module, isolated);
  try {
    const args = webgpu ? [...usual, ...webgpuFlags] : usual;
    const browser = await chromium.launch({ executablePath, args });
    try {
      return (await call(browser, site.url, run)) as R;
    } finally {
      await browser.close();
    }
  } finally {
    await site.close();
  }
}

async function call(browser: Browser, url: string, { argument, onMessage, signal }: ChromiumRun): Promise<unknown> {
  const page = await browser.newPage();
  const failed = firstFailure(page, signal);
  const work = async (): Promise<unknown> => {
    await page.exposeFunction("report", (message: unknown) => onMessage?.(message));
    await page.goto(url);
    const input = JSON.stringify(argument);
    return page.evaluate(`import("./main.js").then(({ main }) => main(${input}, (message) => report(message)))`);
  };
  const working = work();
  working.catch(() => {});
  return Promise.race([failed, working]);
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
