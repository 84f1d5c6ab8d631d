import type { TrainSettings } from "@relpos/lab/language";
import { CliError } from "../errors.js";

type Lora = NonNullable<TrainSettings["lora"]>;

const example = "for example --lora rank=8,alpha=16,targets=q_proj+v_proj";

/** Reads `rank=8,alpha=16,targets=q_proj+v_proj,dropout=0.05`; alpha is twice the rank where it is left out. */
export function parseLora(text: string): Lora {
  const parts = new Map(text.split(",").map((part) => part.split("=") as [string, string | undefined]));
  const known = ["rank", "alpha", "targets", "dropout"];
  const unknown = [...parts.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw new CliError(`--lora has ${known.join(", ")}, got ${unknown}`, example);
  const number = (name: string, fallback: number, holds: (value: number) => boolean, rule: string): number => {
    const value = parts.has(name) ? Number(parts.get(name) || Number.NaN) : fallback;
    if (!holds(value)) throw new CliError(`--lora: ${name} must be ${rule}, got ${parts.get(name) ?? "none"}`, example);
    return value;
  };
  const rank = number("rank", 8, (value) => Number.isInteger(value) && value > 0, "whole and positive");
  const alpha = number("alpha", 2 * rank, (value) => value > 0, "positive");
  const dropout = number("dropout", 0, (value) => value >= 0 && value < 1, "at least 0 and below 1");
  const targets = parts.get("targets");
  if (!targets) throw new CliError("--lora: targets are missing", `${example}, or targets=all-linear`);
  return { rank, alpha, dropout, targets: targets === "all-linear" ? targets : targets.split("+") };
}
