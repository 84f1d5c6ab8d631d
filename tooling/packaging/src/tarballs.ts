import { pnpmCommand } from "../../scripts/lib.mjs";
import { execute } from "./execute.js";
import { publishedPackages } from "./workspace.js";

/** A package as it would be published. */
export interface Tarball {
  readonly name: string;
  readonly version: string;
  /** Where it is, absolute. */
  readonly filename: string;
  /** Paths of what is in it. */
  readonly files: readonly { readonly path: string }[];
}

/** Packs every published package, as built, into a folder; by their names. */
export async function packAll(folder: string): Promise<ReadonlyMap<string, Tarball>> {
  const [program = "pnpm", ...first] = pnpmCommand();
  const tarballs = await Promise.all(
    publishedPackages.map(async (one) => {
      const printed = await execute(one.folder, program, [...first, "pack", "--json", "--pack-destination", folder]);
      return JSON.parse(printed) as Tarball;
    }),
  );
  return new Map(tarballs.map((tarball) => [tarball.name, tarball]));
}
