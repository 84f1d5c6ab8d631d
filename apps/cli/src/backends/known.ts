/** A backend that users can call by a short name. */
export interface KnownBackend {
  readonly package: string;
  /** Loads the package, where the program brings it along; a user installs the others. */
  load?(): Promise<unknown>;
}

/** Backends by their short names. */
export const knownBackends: Readonly<Record<string, KnownBackend>> = {
  "ort-node": { package: "@relpos/backend-ort-node", load: () => import("@relpos/backend-ort-node") },
  reference: { package: "@relpos/backend-reference", load: () => import("@relpos/backend-reference") },
  tfjs: { package: "@relpos/backend-tfjs" },
  "ort-web": { package: "@relpos/backend-ort-web" },
};
