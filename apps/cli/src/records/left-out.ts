import type { ReadReport } from "@relpos/text";

/** How many records were left out, and what was wrong with the first of them. */
export type LeftOut = Pick<ReadReport, "skipped" | "problems">;

/** `--data a.tsv: left out 2 wrong records; the first: a.tsv:7: a line must …`, or nothing where all were read. */
export function describeLeftOut(flag: string, path: string, { skipped, problems: [first] }: LeftOut): string {
  if (!first) return "";
  const count = skipped === 1 ? "1 wrong record" : `${skipped.toLocaleString("en-US")} wrong records`;
  return `${flag} ${path}: left out ${count}; the first: ${first.file}:${first.line}: ${first.rule}\n`;
}
