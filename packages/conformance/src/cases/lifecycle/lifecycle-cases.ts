import type { ConformanceCase } from "../../case.js";
import { abortCases } from "./abort.js";
import { backendCases } from "./backends.js";
import { cacheDonationCases } from "./cache-donation.js";
import { donationCases } from "./donation.js";
import { handleCases } from "./handles.js";
import { memoryCases } from "./memory.js";
import { runCases } from "./runs.js";

/** Tensors, executables and backends come and go as the interface says. */
export const lifecycleCases: readonly ConformanceCase[] = [
  ...backendCases,
  ...handleCases,
  ...runCases,
  ...memoryCases,
  ...donationCases,
  ...cacheDonationCases,
  ...abortCases,
];
