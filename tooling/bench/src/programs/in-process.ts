// Run in a process of its own: a program on a backend of Node.
import { subjects } from "@relpos/conformance-runs";
import { isolatedArgument } from "../isolate.js";
import type { ProgramCall } from "./programs.js";
import { runProgram } from "./run-program.js";

const call = isolatedArgument<ProgramCall>();
const result = await runProgram(subjects, call, () => {});
process.stdout.write(`${JSON.stringify(result)}\n`);
