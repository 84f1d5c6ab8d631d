import type { Claim } from "@relpos/conformance/claims";
import { duration, indented } from "@relpos/lab";
import type { BackendReport, DeviceReport, DoctorReport } from "./report.js";

const columns = 100;
const labelWidth = 10;

/** A report for people. */
export function printDoctorReport({ relpos, machine, backends }: DoctorReport): string {
  const { cpu, cores, memoryBytes, platform, node } = machine;
  const head = [
    `relpos ${relpos}, Node ${node}, ${platform}`,
    `${cpu}, ${cores} ${cores === 1 ? "core" : "cores"}, ${(memoryBytes / 2 ** 30).toFixed(0)} GiB memory`,
  ];
  return `${[head.join("\n"), ...backends.map(backendText)].join("\n\n")}\n`;
}

function backendText(report: BackendReport): string {
  if (!report.loaded) return `${report.name}\n${indented(`— ${report.reason}: ${report.remedy}`, 2, columns)}`;
  return [`${report.name} ${report.version}: ${report.summary}`, ...report.devices.map(deviceText)].join("\n");
}

function deviceText(report: DeviceReport): string {
  if (!report.ready) return labelled(report.device, `— ${report.reason}`, 2);
  const { device, details, dtypes, claims, milliseconds } = report;
  const facts = Object.entries(details).map(([name, value]) => `${name} ${value}`);
  return [
    labelled(device, [`✓ ready in ${duration(milliseconds)}`, ...facts].join(", "), 2),
    labelled("dtypes", dtypes.join(", "), 4),
    ...claimLines(claims),
  ].join("\n");
}

/** Composites by whether all their calls run fused, some or none. */
function claimLines(claims: readonly Claim[]): readonly string[] {
  const whole = claims.filter(({ claimed, calls }) => claimed === calls).map(({ composite }) => composite);
  const partly = claims
    .filter(({ claimed, calls }) => claimed > 0 && claimed < calls)
    .map(({ composite, claimed, calls }) => `${composite} (${claimed} of ${calls} calls)`);
  const rows = [
    ["fused", whole.length + partly.length === 0 ? ["none"] : whole],
    ["partly", partly],
  ] as const;
  return rows.filter(([, names]) => names.length > 0).map(([label, names]) => labelled(label, names.join(", "), 4));
}

function labelled(label: string, text: string, blanks: number): string {
  const width = labelWidth + 2;
  const body = indented(text, width, columns, 0).slice(width);
  return `${" ".repeat(blanks)}${label}`.padEnd(width) + body;
}
