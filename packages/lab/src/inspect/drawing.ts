import type { HeadGroup } from "./inspection.js";

/** One picture of an inspection. */
export interface Drawing {
  /** Name of its file, without `.svg`. */
  readonly file: string;
  readonly caption: string;
  /** An SVG element for a page that has the report's style sheet. */
  readonly svg: string;
}

/** `head 3`, or `all heads` for a group of several. */
export function groupLabel({ heads }: HeadGroup): string {
  return heads.length === 1 ? `head ${heads[0]! + 1}` : "all heads";
}

/** The part of a file's name for a group of heads. */
export function groupFile(group: HeadGroup): string {
  return groupLabel(group).replace(" ", "-");
}
