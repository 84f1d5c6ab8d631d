import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Backend, BackendChoice, BackendProvider } from "@relpos/core/backend";
import { nearest, ruleOf } from "@relpos/lab";
import { CliError, exitCodes } from "../errors.js";
import { knownBackends } from "./known.js";
import { isPath, locatePackage, locatePath } from "./locate.js";

/** What the user asked for. */
export interface BackendRequest {
  /** A short name, a package or a path, each with a device behind a colon if need be. */
  readonly backend: string;
  readonly device?: string;
  readonly threads?: number;
}

/** A backend that has been loaded, and how it is to be started. */
export interface ChosenBackend {
  readonly name: string;
  readonly provider: BackendProvider;
  readonly device: string;
  readonly threads: number | undefined;
  /** As a provider takes it. Default: the backend's. */
  readonly accuracyLevel?: BackendChoice["accuracyLevel"];
}

/** Loads what was asked for, and starts nothing. Errors when it is not there, is no backend or has not the device. */
export async function chooseBackend({ backend, device, threads }: BackendRequest): Promise<ChosenBackend> {
  const { name, device: suffix } = splitDevice(backend);
  if (device !== undefined && suffix !== undefined && device !== suffix) {
    throw new CliError(`--backend ${backend} and --device ${device} exclude each other`, "leave one out");
  }
  const provider = await loadProvider(name);
  const chosen = device ?? suffix ?? provider.devices[0];
  if (!provider.devices.includes(chosen)) {
    throw new CliError(`--backend ${name} has no device ${chosen}`, `use --device ${provider.devices.join(" or ")}`);
  }
  return { name, provider, device: chosen, threads };
}

/** What a backend is started with, as the settings of a comparison have it. */
export function settingsOf({ device, threads }: ChosenBackend): { device: string; threads: number | "automatic" } {
  return { device, threads: threads ?? "automatic" };
}

/** Starts a backend. Errors with the reason when it cannot be started here. */
export async function startBackend({
  name,
  provider,
  device,
  threads,
  accuracyLevel,
}: ChosenBackend): Promise<Backend> {
  const failed = (message: string, cause?: unknown): CliError => {
    const other = device === provider.devices[0] ? "--backend reference" : `--device ${provider.devices[0]}`;
    return new CliError(`--backend ${name}: ${message}`, `try ${other}`, exitCodes.failure, { cause });
  };
  const backend = await provider.create({ device, threads, accuracyLevel }).catch((error: unknown) => {
    throw failed(messageOf(error), error);
  });
  if (backend.specVersion === 1) return backend;
  throw failed(`it has version ${String(backend.specVersion)} of the interface, this program has version 1`);
}

/** Splits `name:device`. A colon in a path of Windows stands before a backslash. */
export function splitDevice(text: string): { readonly name: string; readonly device: string | undefined } {
  const [, name = text, device] = /^(.+):([\w-]+)$/.exec(text) ?? [];
  return { name, device };
}

/** Loads the provider that a package, or a file or folder, exports. */
export async function loadProvider(name: string): Promise<BackendProvider> {
  const loaded = await load(name);
  const { provider } = loaded as { readonly provider?: unknown };
  if (isProvider(provider)) return provider;
  throw new CliError(
    `--backend ${name} exports no backend`,
    "a package of a backend exports a `provider` with a name, devices and create",
  );
}

async function load(name: string): Promise<unknown> {
  const load = knownBackends[name]?.load ?? (() => import(locateBackend(name).href));
  try {
    return await load();
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(
      `--backend ${name} cannot be loaded: ${messageOf(error)}`,
      "set RELPOS_DEBUG=1 to see where it happened",
      exitCodes.failure,
      { cause: error },
    );
  }
}

/** The module of a backend. Errors when there is none, telling what to install or to write. */
export function locateBackend(name: string): URL {
  const known = knownBackends[name]?.package;
  const url = isPath(name) ? locatePath(name) : locatePackage(known ?? name);
  if (!url) throw new CliError(...missing(name, known));
  if (url.protocol === "file:" && !existsSync(url)) {
    throw new CliError(`--backend ${name}: there is no file ${fileURLToPath(url)}`, "build the package first");
  }
  return url;
}

function missing(name: string, known: string | undefined): readonly [problem: string, remedy: string] {
  if (known) return [`--backend ${name}: ${known} is not installed`, `npm install ${known}`];
  if (isPath(name)) return [`--backend ${name}: there is no such file or folder`, "name the folder of a package"];
  const names = Object.keys(knownBackends);
  const guess = existsSync(name) ? `./${name}` : nearest(name, names);
  return [
    `--backend ${name}: there is no such backend or installed package`,
    guess ? `did you mean ${guess}?` : `take ${names.join(", ")}, an installed package, or a path such as ./backend`,
  ];
}

function isProvider(value: unknown): value is BackendProvider {
  if (typeof value !== "object" || value === null) return false;
  const { name, devices, create } = value as Partial<BackendProvider>;
  return typeof name === "string" && Array.isArray(devices) && devices.length > 0 && typeof create === "function";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? ruleOf(error) : String(error);
}
