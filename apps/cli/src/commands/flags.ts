import { type Command, Option } from "commander";
import { knownBackends } from "../backends/known.js";
import { type Parser, wholeNumber } from "./parsers.js";

/** An option of a command, as the tables of options have it. */
export interface Flag {
  readonly flags: string;
  readonly description: string;
  readonly parse?: Parser<unknown>;
  /** Applied by commander. Settings that lab fills in have theirs there, and show them in the description. */
  readonly default?: string | number;
}

/** Adds options under their headings in the help. */
export function addFlags(command: Command, groups: Readonly<Record<string, readonly Flag[]>>): Command {
  for (const [heading, group] of Object.entries(groups)) {
    for (const { flags, description, parse, default: value } of group) {
      const option = new Option(flags, description).helpGroup(heading);
      if (parse) option.argParser(parse);
      if (value !== undefined) option.default(value);
      command.addOption(option);
    }
  }
  return command;
}

/** The options that choose a backend: those of a `BackendRequest`. */
export const backendFlags: readonly Flag[] = [
  {
    flags: "--backend <name>",
    description: `${Object.keys(knownBackends).join(", ")}, an installed package, or a path, with :DEVICE behind it if need be; \`relpos doctor\` shows what runs here`,
    default: "ort-node",
  },
  { flags: "--device <name>", description: "a device of the backend, such as cpu or webgpu (default: its first)" },
  {
    flags: "--threads <number>",
    description: "processor threads (default: the backend's choice)",
    parse: wholeNumber("--threads", 1, 1024),
  },
];
