import type { OnProgress } from "@relpos/checkpoints";
import type { Console } from "../console.js";
import { statusLine } from "../status-line.js";

/** Shows how far a model is fetched or read, and stops showing it. */
export function showLoading(console: Console): { readonly onProgress: OnProgress; stop(): void } {
  const { show, stop } = statusLine(console);
  return {
    onProgress: ({ file, loaded, total }) =>
      show(total > 0 ? loaded / total : 0, () => {
        const name = file.split(/[/\\]/).at(-1);
        return `${name}, ${Math.round(loaded / 2 ** 20)} of ${Math.round(total / 2 ** 20)} MiB`;
      }),
    stop,
  };
}
