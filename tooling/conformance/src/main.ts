import { parseArgs } from "node:util";
import { type CaseResult, printReport } from "@relpos/conformance";
import { runSubject } from "./run-subject.js";
import { findSubject, subjects } from "./subjects.js";

const usage = `usage: pnpm conformance BACKEND[:DEVICE] [--full] [--filter TEXT]
       pnpm conformance --list
--full runs every case; without it the quick set runs. --filter runs the cases whose names contain the text.
backends: ${subjects.map(({ name }) => name).join(", ")}`;

function fail(message: string): never {
  console.error(`error: ${message}`);
  process.exit(1);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        full: { type: "boolean", default: false },
        filter: { type: "string", default: "" },
        list: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    return fail(`${(error as Error).message}\n${usage}`);
  }
}

/** The case that just ended, on one line of a terminal that is written over. */
function progress(): (result: CaseResult) => void {
  let done = 0;
  return ({ name, status, error }) => {
    done++;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${done} ${name}`);
    else if (status === "failed") console.error(`failed: ${name}: ${error}`);
  };
}

const { values, positionals } = readArguments();
if (values.list) {
  for (const { name, where } of subjects) console.log(`${name} (${where})`);
  process.exit(0);
}
const [name, ...rest] = positionals;
if (values.help || name === undefined) {
  console.log(usage);
  process.exit(values.help ? 0 : 1);
}
if (rest.length > 0) fail(`one backend at a time, got ${positionals.join(" ")}`);
const subject = findSubject(name);
if (!subject) fail(`there is no backend ${name}\n${usage}`);

const controller = new AbortController();
process.once("SIGINT", () => controller.abort(new Error("stopped")));
try {
  const { full, filter } = values;
  const report = await runSubject(subject, { full, filter, onResult: progress(), signal: controller.signal });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  console.log(printReport(report));
  const { passed, failed, unexpectedPass } = report.totals;
  process.exitCode = failed + unexpectedPass > 0 || passed === 0 ? 1 : 0;
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
