import { createReferenceBackend } from "@relpos/backend-reference";
import { expectClose } from "@relpos/conformance";
import { tensor } from "@relpos/core";
import { train } from "../programs/train.js";

/** What the program train.js gives. */
interface Trained {
  readonly logits: readonly number[];
  readonly losses: readonly number[];
}

let expected: Promise<Trained> | undefined;

/** Errors unless the printed result of train.js is that of the workspace's own sources on the reference backend. */
export async function expectTrained(printed: string): Promise<void> {
  const actual = JSON.parse(printed) as Trained;
  expected ??= train(createReferenceBackend());
  const { logits, losses } = await expected;
  expectClose(vector(actual.logits), vector(logits), "training");
  expectClose(vector(actual.losses), vector(losses), "training");
}

const vector = (values: readonly number[]) => tensor(values, [values.length]);
