import type { OnProgress } from "@relpos/checkpoints";
import type { Console } from "../console.js";
import { bar } from "../progress.js";

const redrawEvery = 100;
const plainEvery = 15_000;

/** Shows how far a model is fetched or read, and stops showing it. */
export function showLoading(console: Console): { readonly onProgress: OnProgress; stop(): void } {
  const erase = console.interactive ? "\r\u001b[2K" : "";
  let shown = performance.now();
  return {
    onProgress: ({ file, loaded, total }) => {
      if (performance.now() - shown < (console.interactive ? redrawEvery : plainEvery)) return;
      shown = performance.now();
      const name = file.split(/[/\\]/).at(-1);
      const status = `${name}, ${Math.round(loaded / 2 ** 20)} of ${Math.round(total / 2 ** 20)} MiB`;
      console.error(console.interactive ? `${erase}${bar(loaded / total, status, console.columns())}` : `${status}\n`);
    },
    stop: () => console.error(erase),
  };
}
