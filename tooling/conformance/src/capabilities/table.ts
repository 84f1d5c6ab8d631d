import { conformanceCases, type KnownFailure, knownFailuresOf } from "@relpos/conformance";
import { check, dtypes } from "@relpos/core";
import { asSubject } from "../as-subject.js";
import type { TestedSubject } from "../subjects/subject.js";
import type { Capabilities, Capability } from "./capability.js";

/** A subject with what it says of itself, and the notes on what it is known to fail. */
interface Column {
  readonly subject: TestedSubject;
  readonly capability: Capability;
  /** Markers of the known failures among the cases whose names begin so. */
  marks(prefix: string): string;
}

interface Note {
  readonly marker: string;
  readonly subject: string;
  readonly failure: KnownFailure;
}

const cases = conformanceCases();

/** The second parts of the names of a group's cases: `primitive/add/…` → add. */
const partsOf = (group: string): readonly string[] => [
  ...new Set(cases.filter((each) => each.group === group).map(({ name }) => name.split("/")[1] as string)),
];

/** docs/backends.md: what every backend has, runs fused, decomposes and fails. */
export function capabilityTable(subjects: readonly TestedSubject[], capabilities: Capabilities): string {
  const notes = subjects.flatMap(({ name, knownFailures = [] }) =>
    knownFailures.map((failure) => ({ subject: name, failure })),
  );
  const numbered = notes.map((note, index) => ({ ...note, marker: `[${index + 1}]` }));
  const columns = subjects.map((subject) => columnOf(subject, capabilities[subject.name], numbered));
  const rows = (names: readonly string[], cell: (name: string, column: Column) => string): string =>
    [
      `| | ${columns.map(({ subject }) => subject.name).join(" | ")} |`,
      `|---|${columns.map(() => "---|").join("")}`,
      ...names.map((name) => `| ${name} | ${columns.map((column) => cell(name, column)).join(" | ")} |`),
    ].join("\n");

  return `# Backends

What each backend does on each device. Every one passes the conformance kit, \`pnpm conformance BACKEND:DEVICE\`, but for the
known failures at the end; WebGPU is tested on SwiftShader, which has no float16. \`relpos doctor\` tells what there is on your
machine. Written by \`npm run docs:backends\`; tests compare it with what the backends say.

## Element types

${rows(dtypes, (dtype, { capability }) => (capability.dtypes.includes(dtype as never) ? "✓" : "—"))}

## Primitives

✓ passes with every element type that the device has; — has none of those that the primitive takes; [n] but for known
failures.

${rows(partsOf("primitive"), (name, column) => primitiveCell(name, column))}

## Composites

fused: runs as one operation; with a number, that many of the kit's calls do, and core decomposes the others into
primitives; · always decomposed. Either way it passes, but for known failures [n].

${rows(partsOf("composite"), (name, column) => compositeCell(name, column))}

## Gradients, encodings, models, lifecycle

${rows(
  ["gradient", "encoding", "model", "lifecycle"].filter((group) => partsOf(group).length > 0),
  groupCell,
)}

## Known failures

${numbered.length === 0 ? "None." : numbered.map(noteText).join("\n")}
`;
}

function columnOf(subject: TestedSubject, capability: Capability | undefined, notes: readonly Note[]): Column {
  check(capability, "capabilityTable", () => `nothing is known of ${subject.name}: run \`npm run docs:backends\``);
  const known = knownFailuresOf(asSubject(subject), cases);
  const own = notes.filter((note) => note.subject === subject.name);
  const marks = (prefix: string): string => {
    const failures = new Set(cases.filter(({ name }) => name.startsWith(prefix)).map(({ name }) => known(name)));
    return own
      .filter(({ failure }) => failures.has(failure))
      .map(({ marker }) => marker)
      .join("");
  };
  return { subject, capability, marks };
}

function primitiveCell(name: string, { capability, marks }: Column): string {
  const has = cases.some((each) => {
    return (
      each.name.startsWith(`primitive/${name}/`) && each.dtypes.every((dtype) => capability.dtypes.includes(dtype))
    );
  });
  return has ? `✓ ${marks(`primitive/${name}/`)}`.trim() : "—";
}

function compositeCell(name: string, { capability, marks }: Column): string {
  const [claimed, calls] = capability.claims[name as keyof Capability["claims"]];
  const words = claimed === 0 ? "·" : claimed === calls ? "fused" : `fused ${claimed}/${calls}`;
  return `${words} ${marks(`composite/${name}/`)}`.trim();
}

function groupCell(group: string, { marks }: Column): string {
  return `✓ ${marks(`${group}/`)}`.trim();
}

function noteText({ marker, subject, failure: { cases, reason, issue } }: Note): string {
  const names = [cases].flat().map((pattern) => `\`${pattern}\``);
  return `* ${marker} ${subject}: ${reason}${issue === undefined ? "" : ` (${issue})`}: ${names.join(", ")}`;
}
