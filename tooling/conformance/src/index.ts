export { asSubject } from "./as-subject.js";
export { runSubject } from "./run-subject.js";
export type { ChromiumSubject, NodeSubject, TestedSubject } from "./subjects/subject.js";
export { findSubject, subjects } from "./subjects.js";
