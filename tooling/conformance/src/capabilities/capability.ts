import { type CompositeName, claimsOf } from "@relpos/conformance/claims";
import type { DType } from "@relpos/core";
import { asSubject } from "../as-subject.js";
import type { TestedSubject } from "../subjects/subject.js";

/** What a backend says of itself on a device. */
export interface Capability {
  readonly dtypes: readonly DType[];
  /** For each composite, how many of the kit's calls run fused, of those with element types that the device has. */
  readonly claims: Readonly<Record<CompositeName, readonly [claimed: number, calls: number]>>;
}

/** By name of the subject. */
export type Capabilities = Readonly<Record<string, Capability>>;

/** Starts a subject's backend, here, and asks it. */
export async function capabilityOf(subject: TestedSubject): Promise<Capability> {
  const backend = await asSubject(subject).create();
  try {
    const claims = claimsOf(backend).map(({ composite, claimed, calls }) => [composite, [claimed, calls]] as const);
    return { dtypes: [...backend.dtypes], claims: Object.fromEntries(claims) as unknown as Capability["claims"] };
  } finally {
    await backend.close();
  }
}
