import { leaks } from "./leaks.js";
import { losses } from "./losses.js";
import { speed } from "./speed.js";

/** What can be run on any backend, by name. */
export const programs = { losses, leaks, speed } as const;

export type ProgramName = keyof typeof programs;
type ProgramOf<N extends ProgramName> = (typeof programs)[N];
export type ArgumentOf<N extends ProgramName> = Parameters<ProgramOf<N>>[1];
export type ResultOf<N extends ProgramName> = Awaited<ReturnType<ProgramOf<N>>>;

/** Which program on which backend of the table of subjects. */
export interface ProgramCall<N extends ProgramName = ProgramName> {
  readonly subject: string;
  readonly program: N;
  readonly argument: ArgumentOf<N>;
}
