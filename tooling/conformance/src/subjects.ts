import { chromiumSubjects } from "./subjects/in-chromium.js";
import { nodeSubjects } from "./subjects/in-node.js";
import type { TestedSubject } from "./subjects/subject.js";

/** Every backend and device that is tested. */
export const subjects: readonly TestedSubject[] = [...nodeSubjects, ...chromiumSubjects];

/** The subject of a name; a backend's name alone stands for its first device. */
export function findSubject(name: string): TestedSubject | undefined {
  return subjects.find((each) => each.name === name) ?? subjects.find((each) => each.name.startsWith(`${name}:`));
}
