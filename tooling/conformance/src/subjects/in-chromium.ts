import type { ChromiumSubject } from "./subject.js";

/** What is tested in Chromium. This file is part of the page: it may import nothing that needs Node. */
export const chromiumSubjects: readonly ChromiumSubject[] = [];
