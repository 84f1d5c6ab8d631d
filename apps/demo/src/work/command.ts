import type { CompareData, CompareOptions } from "@relpos/lab";

/** The command line that makes the same comparison in a terminal. */
export function commandOf(options: CompareOptions, data: CompareData): string {
  const flags = Object.entries(options).map(([name, value]) => `--${hyphenated(name)} ${value}`);
  return ["relpos compare", ...flags, ...(data.kind === "text" ? ["--text FILE"] : [])].join(" ");
}

function hyphenated(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
