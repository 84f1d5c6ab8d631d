import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, totalmem } from "node:os";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Benchmark, Measurement } from "./benchmark.js";

const folder = new URL("./benchmarks/", import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".js"))
  .map((file) => file.slice(0, -".js".length))
  .sort();

const usage = `usage: pnpm bench NAME [--json FILE]\nbenchmarks: ${names.join(", ")}`;

function fail(message: string): never {
  console.error(`error: ${message}`);
  process.exit(1);
}

function readArguments() {
  try {
    return parseArgs({ allowPositionals: true, options: { json: { type: "string" }, help: { type: "boolean" } } });
  } catch (error) {
    return fail(`${(error as Error).message}\n${usage}`);
  }
}

/** One line of the printed table. */
function tableRow(measurement: Measurement): Readonly<Record<string, string | number>> {
  const { name, backend, medianMs, iqrMs, gflops, peakGflops, tokensPerSecond, peakMemoryBytes, ratios, figures } =
    measurement;
  const rounded = (value: number | undefined, digits: number) =>
    value === undefined ? {} : Number(value.toFixed(digits));
  const optional = Object.entries({
    "tokens/s": rounded(tokensPerSecond, 0),
    "GFLOP/s": rounded(gflops, 1),
    "peak GFLOP/s": rounded(peakGflops, 1),
  });
  return {
    name,
    backend,
    "median ms": Number(medianMs.toFixed(2)),
    "IQR ms": Number(iqrMs.toFixed(2)),
    ...Object.fromEntries(optional.filter((entry): entry is [string, number] => typeof entry[1] === "number")),
    ...Object.fromEntries(Object.entries(ratios ?? {}).map(([key, ratio]) => [key, Number(ratio.toFixed(3))])),
    ...Object.fromEntries(Object.entries(figures ?? {}).map(([key, figure]) => [key, Number(figure.toPrecision(6))])),
    "memory MB": Math.round(peakMemoryBytes / 1e6),
  };
}

function versions(): Readonly<Record<string, string>> {
  const require = createRequire(import.meta.url);
  const versionOf = (name: string): string => (require(`${name}/package.json`) as { version: string }).version;
  const packages = ["@relpos/core", "@relpos/backend-ort-node"];
  return { node: process.version, ...Object.fromEntries(packages.map((name) => [name, versionOf(name)])) };
}

const { values, positionals } = readArguments();
const [name, ...rest] = positionals;
if (name === undefined || values.help) {
  console.log(usage);
  process.exit(0);
}
if (rest.length > 0) fail(`one benchmark at a time, got ${positionals.join(" ")}`);
if (!names.includes(name)) fail(`there is no benchmark ${name}\n${usage}`);

const { default: benchmark } = (await import(new URL(`${name}.js`, folder).href)) as { default: Benchmark };
console.log(`${name}: ${benchmark.description}`);
const benchmarks = await benchmark.run();
console.table(benchmarks.map(tableRow));

if (values.json !== undefined) {
  const machine = {
    platform: `${process.platform}-${process.arch}`,
    processor: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
  };
  const path = resolve(values.json);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify({ machine, versions: versions(), benchmarks }, null, 2)}\n`);
  console.log(`wrote ${path}`);
}
