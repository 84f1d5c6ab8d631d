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

/** Known failures with one reason, on whichever subjects. */
interface Note {
  readonly marker: string;
  readonly failures: readonly { readonly subject: string; readonly failure: KnownFailure }[];
}

const cases = conformanceCases();

/** The second parts of the names of a group's cases: `primitive/add/…` → add. */
const partsOf = (group: string): readonly string[] => [
  ...new Set(cases.filter((each) => each.group === group).map(({ name }) => name.split("/")[1] as string)),
];

/** docs/backends.md: what every backend has, runs fused, decomposes and fails. */
export function capabilityTable(subjects: readonly TestedSubject[], capabilities: Capabilities): string {
  const ordered = byBackend(subjects);
  const notes = notesOf(ordered);
  const columns = ordered.map((subject) => columnOf(subject, capabilities[subject.name], notes));
  const rows = (names: readonly string[], cell: (name: string, column: Column) => string): string =>
    [
      `| | ${columns.map(({ subject }) => subject.name).join(" | ")} |`,
      `|---|${columns.map(() => "---|").join("")}`,
      ...names.map((name) => `| ${name} | ${columns.map((column) => cell(name, column)).join(" | ")} |`),
    ].join("\n");

  return `# Backends

What each backend does on each device. Every one passes the conformance kit, \`pnpm conformance BACKEND:DEVICE\`, but for the
known failures at the end. GPUs are tested in software, by SwiftShader, which has no float16: there the tests run the kit's
quick set, elsewhere every case. \`relpos doctor\` tells what there is on your machine. Written by \`npm run docs:backends\`,
which runs the quick set; tests compare it with what the backends say.

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

${notes.length === 0 ? "None." : notes.map(noteText).join("\n")}
`;
}

/** The devices of a backend side by side. */
function byBackend(subjects: readonly TestedSubject[]): readonly TestedSubject[] {
  const backends = new Set(subjects.map(backendOf));
  return [...backends].flatMap((backend) => subjects.filter((subject) => backendOf(subject) === backend));
}

const backendOf = ({ name }: TestedSubject): string => name.split(":")[0] as string;

function notesOf(subjects: readonly TestedSubject[]): readonly Note[] {
  const all = subjects.flatMap(({ name, knownFailures = [] }) =>
    knownFailures.map((failure) => ({ subject: name, failure })),
  );
  const reasons = [...new Set(all.map(({ failure }) => failure.reason))];
  return reasons.map((reason, index) => {
    return { marker: `[${index + 1}]`, failures: all.filter(({ failure }) => failure.reason === reason) };
  });
}

function columnOf(subject: TestedSubject, capability: Capability | undefined, notes: readonly Note[]): Column {
  check(capability, "capabilityTable", () => `nothing is known of ${subject.name}: run \`npm run docs:backends\``);
  const known = knownFailuresOf(asSubject(subject), cases);
  const marks = (prefix: string): string => {
    const reasons = new Set(cases.filter(({ name }) => name.startsWith(prefix)).map(({ name }) => known(name)?.reason));
    const met = notes.filter(({ failures }) => reasons.has(failures[0]?.failure.reason));
    return met.map(({ marker }) => marker).join("");
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

function noteText({ marker, failures }: Note): string {
  const names = [...new Set(failures.map(({ subject }) => subject))];
  const patterns = [...new Set(failures.flatMap(({ failure }) => failure.cases))].map((pattern) => `\`${pattern}\``);
  const { reason, issue } = (failures[0] as Note["failures"][number]).failure;
  return `* ${marker} ${names.join(", ")}: ${reason}${issue === undefined ? "" : ` (${issue})`}: ${patterns.join(", ")}`;
}
