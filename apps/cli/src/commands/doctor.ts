import type { Command } from "commander";
import { knownBackends } from "../backends/known.js";
import type { CliContext } from "../context.js";
import { diagnose } from "../doctor/diagnose.js";
import { printDoctorReport } from "../doctor/print.js";
import { addFlags } from "./flags.js";
import { wholeNumber } from "./parsers.js";

interface DoctorFlags {
  readonly timeLimit: number;
  readonly json?: true;
}

const help = `
Each device is started in a process of its own and computes a small product. A dash says why it cannot, and what to do.
"fused" are the composites that run as one operation, "partly" those of which some calls do; core decomposes the others.

Examples:
  $ relpos doctor
  $ relpos doctor ort-node ./my-backend
  $ relpos doctor --json`;

const groups = {
  "Options:": [
    {
      flags: "--time-limit <seconds>",
      description: "how long a device may take to answer",
      parse: wholeNumber("--time-limit", 1),
      default: 60,
    },
    { flags: "--json", description: "print JSON in place of text" },
  ],
};

/** `relpos doctor`: which backends and devices run here, what they can do, and how to get the others. */
export function addDoctorCommand(program: Command, { console }: CliContext): void {
  const names = Object.keys(knownBackends);
  const command = program
    .command("doctor")
    .argument("[backends...]", `short names, packages or paths (default: ${names.join(", ")})`);
  addFlags(command, groups)
    .description("show which backends and devices run here, and how to get the others")
    .addHelpText("after", help)
    .action(async (backends: readonly string[], { timeLimit, json }: DoctorFlags) => {
      const erase = console.interactive ? "\r\u001b[2K" : "";
      const onDevice = (name: string): void => {
        if (console.interactive) console.error(`${erase}starting ${name}`);
      };
      const chosen = backends.length > 0 ? backends : names;
      const report = await diagnose({ backends: chosen, timeLimit, onDevice });
      console.error(erase);
      console.out(json ? `${JSON.stringify(report, undefined, 2)}\n` : printDoctorReport(report));
    });
}
