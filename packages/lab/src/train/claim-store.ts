import { SettingsError } from "../compare/errors.js";
import { settingsDifference } from "../compare/settings.js";
import { type RunStore, readJson, writeJson } from "./run-store.js";

/** What must be the same when work is gone on with, in parts by name. */
export type Claim = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Writes a claim into an empty store, or checks that the one in it is the same. `what` is what the store then holds. */
export async function claimStore(
  store: RunStore,
  { file, what, resume }: { readonly file: string; readonly what: string; readonly resume: boolean },
  claim: Claim,
): Promise<void> {
  const stored = (await readJson(store, file)) as Claim | undefined;
  if (stored === undefined) return writeJson(store, file, claim);
  if (!resume) throw new SettingsError(`the output holds a ${what} already`, "resume it, or choose another output");
  for (const [name, part] of Object.entries(claim)) {
    // What JSON does not hold, such as an absent setting, is no difference.
    const asked = JSON.parse(JSON.stringify(part)) as Readonly<Record<string, unknown>>;
    const difference = settingsDifference(stored[name] ?? {}, asked);
    if (difference) {
      throw new SettingsError(
        `cannot resume with other settings: ${difference}`,
        "choose the settings as they were, or another output",
      );
    }
  }
}
