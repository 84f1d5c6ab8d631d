import { join } from "node:path";
import { type Inspection, type InspectOptions, inspect, prepareInspection, renderInspection } from "@relpos/lab";
import type { Command } from "commander";
import { type BackendRequest, chooseBackend, settingsOf, startBackend } from "../backends/load.js";
import type { CliContext } from "../context.js";
import { openNewOutput } from "../folder-store.js";
import { addFlags, backendFlags } from "./flags.js";
import { wholeNumber } from "./parsers.js";

interface InspectFlags extends InspectOptions, BackendRequest {
  readonly out: string;
  readonly json?: true;
}

const examples = `
Examples:
  $ relpos inspect alibi --heads 8 --length 256 --out reports/alibi
  $ relpos inspect rope --head-size 128 --out reports/rope`;

const groups = {
  "What is drawn:": [
    { flags: "--heads <number>", description: "attention heads (default: 8)", parse: wholeNumber("--heads", 1) },
    {
      flags: "--head-size <number>",
      description: "size of a head (default: 64)",
      parse: wholeNumber("--head-size", 1),
    },
    {
      flags: "--length <tokens>",
      description: "positions on the maps; entropy is measured up to 4 times as many (default: 256)",
      parse: wholeNumber("--length", 2),
    },
    {
      flags: "--seed <number>",
      description: "seed of parameters and random tokens (default: 0)",
      parse: wholeNumber("--seed", 0),
    },
  ],
  "Where it runs and writes:": [
    {
      flags: "-o, --out <folder>",
      description: "new or empty folder for page and drawings",
      default: "relpos-inspect",
    },
    ...backendFlags,
    { flags: "--json", description: "print the measured numbers as JSON" },
  ],
};

/** `relpos inspect`: pictures of what one encoding does to attention. */
export function addInspectCommand(program: Command, context: CliContext): void {
  addFlags(program.command("inspect").argument("<name>", "an encoding, by name or alias"), groups)
    .description("draw what an encoding does: maps by head, decay, wavelengths, entropy")
    .addHelpText("after", examples)
    .action((name: string, flags: InspectFlags) => runInspect(name, flags, context));
}

async function runInspect(name: string, flags: InspectFlags, { console }: CliContext): Promise<void> {
  const { heads, headSize, length, seed, out } = flags;
  const options = Object.fromEntries(
    Object.entries({ heads, headSize, length, seed }).filter(([, value]) => value !== undefined),
  );
  const chosen = await chooseBackend(flags);
  prepareInspection(name, options);
  const store = await openNewOutput(out);
  const inspection = await measured();
  const { page, drawings } = await renderInspection(inspection);
  const files = { "inspect.html": page, ...drawings, "inspect.json": `${JSON.stringify(inspection)}\n` };
  for (const [file, text] of Object.entries(files)) await store.write(file, new TextEncoder().encode(text));
  if (flags.json) console.out(files["inspect.json"]);
  const say = flags.json ? console.error : console.out;
  say(
    `page:     ${join(out, "inspect.html")}\ndrawings: ${Object.keys(drawings).join(", ")}\nnumbers:  ${join(out, "inspect.json")}\n`,
  );

  async function measured(): Promise<Inspection> {
    const backend = await startBackend(chosen);
    try {
      return await inspect(name, options, { backend, backendSettings: settingsOf(chosen) });
    } finally {
      await backend.close();
    }
  }
}
