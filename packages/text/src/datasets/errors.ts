import { RelposError } from "@relpos/core";
import type { Place, Problem } from "./dataset.js";

/** A record that is wrong: `[operation] file:line rule`. */
export class DataError extends RelposError {
  override readonly name = "DataError";
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly rule: string;

  constructor(operation: string, { file, line }: Place, rule: string, options?: ErrorOptions) {
    super(operation, `${file}:${line}: ${rule}`, options);
    this.file = file;
    this.line = line;
    this.rule = rule;
  }

  get problem(): Problem {
    return { file: this.file, line: this.line, rule: this.rule };
  }
}
