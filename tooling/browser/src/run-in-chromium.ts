import { serve } from "./serve.js";
import { withPage } from "./with-page.js";

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

/**
 * Calls the `main` of a module in a page of headless Chromium, and returns what it returns.
 *
 * Rejects with what `main` throws, with the first error that the page, one of its workers or its console reports, or with
 * the signal's reason.
 */
export async function runInChromium<R>(run: ChromiumRun): Promise<R> {
  const { module, argument, webgpu = false, isolated = false, onMessage, signal } = run;
  signal?.throwIfAborted();
  const site = await serve(module, isolated);
  try {
    return await withPage({ webgpu, signal }, async (page) => {
      await page.exposeFunction("report", (message: unknown) => onMessage?.(message));
      await page.goto(site.url);
      const input = JSON.stringify(argument);
      return page.evaluate<R>(`import("./main.js").then(({ main }) => main(${input}, (message) => report(message)))`);
    });
  } finally {
    await site.close();
  }
}
